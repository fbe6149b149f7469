"""Which code runs on which schema: `procession migrate`, and a refusal in words where they do not fit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from typer.testing import CliRunner

from procession.cli.main import program
from procession.domain.errors import Unavailable
from procession.store import analyses, row_security, schema
from procession.store.postgres import PostgresStore
from tests.records import submit
from tests.support.postgres import PostgresServer

SCRIPTS = ScriptDirectory.from_config(schema.config())
REVISIONS = [script.revision for script in reversed(list(SCRIPTS.walk_revisions()))]
HEAD = REVISIONS[-1]
RUNNER = CliRunner()


def at_revision(server: PostgresServer, revision: str) -> PostgresStore:
    """A database as the version with that newest migration left it."""
    store = PostgresStore(server.empty())

    def upgrade(conn: Connection) -> None:
        settings = schema.config()
        settings.attributes["connection"] = conn
        command.upgrade(settings, revision)
        if conn.dialect.name == "postgresql":
            row_security.apply(conn)

    store.inspect(upgrade, writing=True)
    return store


def stamp(store: PostgresStore, revision: str, code_from: str) -> None:
    """As a newer version that has one more migration leaves it."""

    def write(conn: Connection) -> None:
        conn.execute(text("UPDATE alembic_version SET version_num = :at"), {"at": revision})
        conn.execute(
            text("UPDATE schema_compatibility SET revision = :at, code_from = :least"),
            {"at": revision, "least": code_from},
        )

    store.inspect(write, writing=True)


async def test_an_empty_database_is_refused_until_it_is_migrated(postgres_server: PostgresServer) -> None:
    store = PostgresStore(postgres_server.empty())
    with pytest.raises(Unavailable, match="procession migrate"):
        await store.start()
    store.migrate()
    store.migrate()  # again: harmless
    await store.start()
    assert await store.write(submit)
    await store.stop()


async def test_this_code_runs_on_the_schema_before_if_its_migration_says_so_and_else_refuses_it(
    postgres_server: PostgresServer,
) -> None:
    least = getattr(SCRIPTS.get_revision(HEAD).module, "schema_from", HEAD)
    store = at_revision(postgres_server, REVISIONS[-2])
    if least in REVISIONS[:-1]:
        await store.start()
        made = await store.write(submit)
        assert await store.read(lambda conn: analyses.get(conn, "acme", made.id)) == made
    else:
        with pytest.raises(Unavailable, match=rf"schema {REVISIONS[-2]}.*needs {HEAD}.*procession migrate"):
            await store.start()
    await store.stop()


async def test_a_newer_schema_is_run_on_when_it_was_declared_to_fit(postgres_server: PostgresServer) -> None:
    store = PostgresStore(postgres_server.empty())
    store.migrate()
    stamp(store, "9999", code_from=HEAD)
    store.migrate()  # nothing of ours is pending, and nothing is touched
    await store.start()
    assert await store.write(submit)
    await store.stop()


async def test_a_newer_schema_that_was_not_is_refused_in_words(postgres_server: PostgresServer) -> None:
    store = PostgresStore(postgres_server.empty())
    store.migrate()
    stamp(store, "9999", code_from="9998")
    with pytest.raises(Unavailable, match=r"9999.*newer Procession"):
        await store.start()
    with pytest.raises(Unavailable, match=r"9999.*newer Procession"):
        store.migrate()
    await store.stop()


async def test_every_step_from_an_older_schema_to_the_newest_keeps_what_is_there(
    postgres_server: PostgresServer,
) -> None:
    store = at_revision(postgres_server, REVISIONS[0])
    insert = "INSERT INTO batches (id, tenant, files_expected, created_at, version) VALUES ('b', 'acme', 1, now(), 1)"
    store.inspect(lambda conn: conn.execute(text(insert)), writing=True)
    store.migrate()
    assert store.inspect(schema.current) == HEAD
    assert store.inspect(lambda conn: conn.execute(text("SELECT id FROM batches")).scalar()) == "b"
    await store.stop()


def test_a_migration_that_fails_leaves_the_schema_as_it_was(
    postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = at_revision(postgres_server, REVISIONS[0])

    def fails(_: Connection) -> None:
        raise LookupError

    monkeypatch.setattr(row_security, "apply", fails)
    with pytest.raises(LookupError):
        store.migrate()
    assert store.inspect(schema.current) == REVISIONS[0]


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty database, named by the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROCESSION_DATA", str(tmp_path / "data"))
    if request.param == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        monkeypatch.setenv("PROCESSION_DATABASE_URL", server.empty().render_as_string())


@pytest.mark.usefixtures("database")
def test_migrate_shows_what_waits_runs_it_and_then_has_nothing_to_do() -> None:
    app = program(["migrate", "doctor"])
    waiting = RUNNER.invoke(app, ["migrate", "--check"])
    assert waiting.exit_code == 1
    assert [line.split()[0] for line in waiting.stdout.splitlines()] == REVISIONS
    still = RUNNER.invoke(app, ["migrate", "--check", "--json"])
    assert (still.exit_code, json.loads(still.stdout)["schema"]) == (1, None)

    done = RUNNER.invoke(app, ["migrate", "--json"])
    told = json.loads(done.stdout)
    assert (done.exit_code, told["schema"], told["applied"]) == (0, HEAD, True)
    assert [one["revision"] for one in told["migrations"]] == REVISIONS

    for arguments in (["migrate", "--check"], ["migrate"]):
        nothing = RUNNER.invoke(app, arguments)
        assert (nothing.exit_code, nothing.stdout) == (0, "")
        assert HEAD in nothing.stderr


def test_the_doctor_looks_at_the_database_it_is_told(
    postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from procession.cli import doctor
    from procession.settings import Settings

    empty = Settings(database_url=postgres_server.empty().render_as_string())
    good = Settings(database_url=postgres_server.migrated().render_as_string())
    assert doctor.database(empty).verdict is doctor.Verdict.FAILED
    assert "procession migrate" in doctor.database(empty).detail
    assert doctor.database(good).verdict is doctor.Verdict.OK


def test_a_database_nobody_answers_for_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROCESSION_DATABASE_URL", "postgresql://me:secret@127.0.0.1:1/none")
    found = RUNNER.invoke(program(["migrate", "doctor"]), ["migrate"])
    assert found.exit_code == 3
    assert "secret" not in found.output
    assert "refused" in found.stderr
