"""Every setting, in nested models; unknown keys are errors. ``PROCESSION_*`` environment (``__`` nests) over TOML.

The TOML file is ``$PROCESSION_CONFIG`` or ``procession.toml`` in the working folder, when there is one.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from procession.domain.errors import InvalidRequest
from procession.settings.ai import Ai
from procession.settings.costs import Costs
from procession.settings.section import Section
from procession.settings.webhooks import Webhooks

MIB = 1024 * 1024

CLIENT_ENVIRONMENT = frozenset({"CONFIG", "SERVER", "API_KEY", "CORPUS"})
"""``PROCESSION_*`` names that are no settings: where the settings are, which server the client commands ask, and the
benchmarks' corpus."""


class Upload(Section):
    upload_bytes_max: Annotated[int, Field(gt=0)] = 50 * MIB
    """One uploaded file; past it 413 `too_large`."""
    files_per_batch_max: Annotated[int, Field(gt=0)] = 500
    """Files of one batch."""
    batch_bytes_max: Annotated[int, Field(gt=0)] = 256 * MIB
    """All files of a batch sent in one request; larger batches send their files one by one."""
    file_name_characters_max: Annotated[int, Field(gt=0)] = 255
    """A longer name keeps its end."""
    bytes_in_flight_max: Annotated[int, Field(gt=0)] = 512 * MIB
    """Upload bytes held in memory at once by this process; past it, uploads are refused with 429."""
    idle_seconds_max: Annotated[float, Field(gt=0)] = 30.0
    """An upload that sends nothing for this long is given up."""
    direct: bool = False
    """Whether large files may be put straight into the bucket of `blobs_url`. Until it is taken, such a file lies there
    as it was sent, protected by the store alone."""
    direct_seconds: Annotated[int, Field(gt=0, le=3600)] = 900
    """How long the link for such a file may be used."""


class Sandbox(Section):
    """Limits of one child, which opens one document's page range."""

    pages_max: Annotated[int, Field(gt=0)] = 2000
    """Pages of one document; past it the analysis fails with `too_many_pages`."""
    pages_per_child: Annotated[int, Field(gt=0)] = 50
    """A longer document is read in ranges of this many pages, one child each."""
    page_points_max: Annotated[float, Field(gt=0)] = 14_400.0
    """Longest side of a page: 200 inches, the PDF format's own limit."""
    page_pixels_max: Annotated[int, Field(gt=0)] = 40_000_000
    """Pixels of one rendered page; larger pages are rendered at a lower resolution."""
    address_space_bytes: Annotated[int, Field(gt=0)] = 512 * MIB
    """Memory a child may map when no page is scanned; past it `too_complex`."""
    address_space_ocr_bytes: Annotated[int, Field(gt=0)] = 1024 * MIB
    """Memory a child may map when it reads scanned pages."""
    cpu_seconds_base: Annotated[float, Field(gt=0)] = 20.0
    """CPU time of one child, plus `cpu_seconds_per_page` for each page of its range; past it `timeout`."""
    cpu_seconds_per_page: Annotated[float, Field(ge=0)] = 2.0
    """See `cpu_seconds_base`."""
    wall_seconds_base: Annotated[float, Field(gt=0)] = 30.0
    """Wall-clock time of one child, plus `wall_seconds_per_page` for each page; past it `timeout`."""
    wall_seconds_per_page: Annotated[float, Field(ge=0)] = 4.0
    """See `wall_seconds_base`."""
    document_wall_seconds_max: Annotated[float, Field(gt=0)] = 3600.0
    """All ranges of one document together; past it `timeout`."""
    output_bytes_max: Annotated[int, Field(gt=0)] = 64 * MIB
    """What one child may answer; past it `too_complex`."""
    open_files_max: Annotated[int, Field(gt=0)] = 32
    """Open file descriptors of a child."""


class Worker(Section):
    slots: Annotated[int, Field(ge=0)] = 0
    """Documents analysed at once by this process; 0 means one per core."""
    lease_seconds: Annotated[float, Field(gt=0)] = 15.0
    """How long a claim holds without a heartbeat."""
    heartbeat_seconds: Annotated[float, Field(gt=0)] = 5.0
    """How often a claim's lease is renewed."""
    progress_seconds: Annotated[float, Field(gt=0)] = 0.5
    """Progress is written at most this often per analysis."""
    drain_seconds: Annotated[float, Field(ge=0)] = 20.0
    """On SIGTERM, running analyses may finish for this long; then they are released."""
    memory_per_analysis_bytes: Annotated[int, Field(gt=0)] = 384 * MIB
    """Memory another analysis may need; while less is free, of the cgroup's limit or the machine, a worker claims no
    more than one."""
    memory_reserve_bytes: Annotated[int, Field(ge=0)] = 128 * MIB
    """Memory that is left alone."""
    attempts_max: Annotated[int, Field(gt=0)] = 4
    """Failures after which an analysis is `failed` for good (until somebody retries it)."""
    retry_base_seconds: Annotated[float, Field(gt=0)] = 2.0
    """Wait before the first retry; it doubles with each, with jitter."""
    retry_max_seconds: Annotated[float, Field(gt=0)] = 300.0
    """Longest wait before a retry."""


class Probes(Section):
    """Where `procession worker` and `procession maintenance` answer `/livez`, `/readyz` and `/metrics`."""

    host: str = "127.0.0.1"
    """Address to listen on; nothing of a tenant is told there."""
    port: Annotated[int, Field(ge=0, le=65535)] = 0
    """Port to listen on; 0 takes a free one."""


class Queue(Section):
    waiting_max: Annotated[int, Field(gt=0)] = 10_000
    """Ready analyses of one tenant after which uploads are refused with 429; an operator may set another for a
    tenant."""
    wait_objectives_max: Annotated[float, Field(gt=0)] = 1.0
    """An upload is refused with 429 when what its tenant has waiting, as urgent or more, takes longer at the measured
    pace than this many times what its class promises."""
    ring_ahead_per_tenant: Annotated[int, Field(gt=0)] = 4
    """Analyses of one tenant that may be on their way to workers at once, so that a large batch leaves room for
    others."""
    rescue_seconds: Annotated[float, Field(gt=0)] = 2.0
    """How often expired leases and work nobody took are looked for."""
    aging_seconds: Annotated[float, Field(gt=0)] = 600.0
    """Waiting this long lifts an analysis by one priority class."""


class Database(Section):
    """PostgreSQL only; SQLite needs none of these."""

    pool_connections_max: Annotated[int, Field(gt=0)] = 8
    """Most connections of one process, and so transactions it runs at once; fewer where the server leaves fewer."""
    connections_reserved: Annotated[int, Field(ge=0)] = 10
    """Connections of the server kept free for people, backups and migrations."""
    processes: dict[Literal["all", "api", "worker", "maintenance", "costs"], Annotated[int, Field(ge=0)]] = {}
    """How many processes of each role share the server's connections, for example `{"api": 2, "worker": 8}`; `all` is
    `procession up`. Default: this one alone."""
    replica_url: str | None = None
    """`postgresql://…` of a streaming replica that answers lists while it is fresh enough; else the primary does."""
    replica_lag_seconds_max: Annotated[float, Field(gt=0)] = 5.0
    """A replica further behind is left alone for some seconds. What a tenant wrote through the same process its lists
    show at once."""
    transactions_waiting_max: Annotated[int, Field(gt=0)] = 10_000
    """Transactions of one process that run or wait for a connection; past it 503."""
    statement_seconds_max: Annotated[float, Field(gt=0)] = 10.0
    """A statement that takes longer is stopped."""
    lock_seconds_max: Annotated[float, Field(gt=0)] = 5.0
    """A transaction that waits longer for a row another one holds gives up."""
    connect_seconds_max: Annotated[int, Field(gt=0)] = 5
    """Opening a connection; `connect_timeout` in the URL goes before."""


class Keys(Section):
    """When `keys_url` names a database. The master key (KEK), which is never in it, is a file or a secret's value."""

    master_file: Path | None = None
    """File of 32 random bytes that only the server may read, the same for every process."""
    master: Annotated[SecretStr, Field(min_length=64, max_length=64)] | None = None
    """The same 32 bytes as 64 hexadecimal digits, where secrets come as environment; instead of `master_file`."""
    connections_max: Annotated[int, Field(gt=0)] = 4
    """Connections of one process to the keys' database."""
    statement_seconds_max: Annotated[float, Field(gt=0)] = 5.0
    """A statement there that takes longer is stopped."""
    connect_seconds_max: Annotated[int, Field(gt=0)] = 5
    """Opening a connection there; `connect_timeout` in the URL goes before."""


class Redis(Section):
    """How Redis is reached, when `redis_url` names one."""

    key_prefix: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.:-]{0,62}$")] = "procession"
    """All keys begin with this in braces; installations that share a Redis need one each."""
    ca_file: str | None = None
    """Certificates (PEM) that sign the server's, when the system's own do not; for `rediss…://`."""
    certificate_file: str | None = None
    """This client's certificate (PEM), when the server asks for one."""
    key_file: str | None = None
    """Its key (PEM), when it is not in the same file."""
    verify_host: bool = True
    """Whether the server's certificate must bear the name, or address, it is reached under."""
    sentinel_username: str | None = None
    """User at the Sentinels; the URL's is for the servers they name."""
    sentinel_password: SecretStr | None = None
    """Its password."""
    connections_max: Annotated[int, Field(gt=1)] = 16
    """Connections of one process, for each server of a Cluster."""
    connect_seconds_max: Annotated[float, Field(gt=0)] = 2.0
    """Opening a connection."""
    command_seconds_max: Annotated[float, Field(gt=0)] = 3.0
    """A command that is not answered for this long: Redis is away, and work is found in SQL until it is back."""


class S3(Section):
    """The store of `blobs_url = s3://…`."""

    endpoint: str | None = None
    """`https://HOST[:PORT]` of a store other than AWS; `AWS_ENDPOINT_URL_S3` and `AWS_ENDPOINT_URL` are read too."""
    public_endpoint: str | None = None
    """Where clients reach the store for `upload.direct`; default: `endpoint`."""
    region: str | None = None
    """The bucket's region; else `AWS_REGION`, `AWS_DEFAULT_REGION`, `us-east-1`."""
    access_key_id: str | None = None
    """With `secret_access_key`; else as AWS tools find them: `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` (with
    `AWS_SESSION_TOKEN`), a web identity or container role, the instance's role."""
    secret_access_key: SecretStr | None = None
    """See `access_key_id`."""
    path_style: bool = True
    """`HOST/BUCKET/KEY`, which every store knows; false: `BUCKET.HOST/KEY`."""
    allow_http: bool = False
    """Whether the endpoint may be `http://`."""
    ca_file: Path | None = None
    """PEM file of certificate authorities to trust beside the system's."""
    connect_seconds_max: Annotated[float, Field(gt=0)] = 5.0
    """Opening a connection."""
    request_seconds_max: Annotated[float, Field(gt=0)] = 30.0
    """One attempt, from its start to the last byte of the answer; of a large object, one part."""
    attempts_max: Annotated[int, Field(gt=0)] = 3
    """Attempts of a request whose failure may pass (no connection, no answer, a server's error)."""
    retry_base_seconds: Annotated[float, Field(ge=0)] = 0.2
    """Wait before the second attempt; it doubles with each, with jitter."""
    retries_reserve: Annotated[int, Field(ge=0)] = 20
    """Repeats this process may make while nothing succeeds; ten successes earn one back, so that a store that is away
    is not hammered."""
    requests_at_once_max: Annotated[int, Field(gt=0)] = 64
    """Requests of this process on their way at once; the others wait."""
    multipart_bytes_min: Annotated[int, Field(ge=5 * MIB)] = 16 * MIB
    """Objects of this size and more are written in parts."""
    multipart_part_bytes: Annotated[int, Field(ge=5 * MIB)] = 8 * MIB
    """Size of a part; the protocol's least is 5 MiB."""


class Ocr(Section):
    tessdata: str | None = None
    """Folder of ``*.traineddata``; looked for beside the package and in Debian's folders when not set."""
    dpi: Annotated[int, Field(ge=72, le=600)] = 200
    """Resolution at which scanned pages are read."""


class Templates(Section):
    enabled: bool = True
    """Whether copies of forms you approved are recognised and read by the approved definition."""
    per_tenant_max: Annotated[int, Field(gt=0)] = 1000
    """Approved forms remembered for one tenant; past it the one longest unchanged is forgotten."""


class Http(Section):
    host: str = "127.0.0.1"
    """Address to listen on. Other than loopback needs `api_keys`."""
    port: Annotated[int, Field(ge=0, le=65535)] = 3000
    """Port to listen on; 0 takes a free one."""
    public_url: str | None = None
    """Where couples reach the forms, for share links; default: the address of the request."""
    wait_seconds_max: Annotated[int, Field(ge=0)] = 60
    """Longest `?wait=`."""
    page_size_max: Annotated[int, Field(gt=0)] = 200
    """Longest page of a list."""
    event_streams_max: Annotated[int, Field(gt=0)] = 500
    """Open event streams of this process; past it 429."""
    event_poll_seconds: Annotated[float, Field(gt=0)] = 1.0
    """While somebody waits (`?wait=`, an event stream), changes that another process made are looked for this often,
    for all of them at once; with Redis they are heard of before."""
    event_heartbeat_seconds: Annotated[float, Field(gt=0)] = 15.0
    """A comment goes out on a quiet event stream this often, so that proxies keep it open."""
    request_bytes_max: Annotated[int, Field(gt=0)] = 2 * MIB
    """Body of any request that is not an upload."""
    session_seconds: Annotated[int, Field(gt=0)] = 12 * 3600
    """How long a sign-in in the browser lasts, when keys are configured."""
    responses_per_form_max: Annotated[int, Field(gt=0)] = 100_000
    """Responses one form takes; past it 409."""
    response_bytes_max: Annotated[int, Field(gt=0)] = 1 * MIB
    """One response to a form."""
    disk_free_bytes_min: Annotated[int, Field(ge=0)] = 200 * MIB
    """Below this much free disk, uploads are refused before anything is written."""


class ApiKey(Section):
    """A bearer key: only its SHA-256 is configured, never the key."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    tenant: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
    name: str = "key"
    operator: bool = False
    """Whether it may see and change the whole queue, every tenant's."""


PLAIN_NAMES = {"redis_url": "REDIS_URL", "ai.openai_api_key": "OPENAI_API_KEY"}
"""Settings also read from a name that other programs share, when nothing of Procession's own says otherwise."""


class _PlainEnvironment(PydanticBaseSettingsSource):
    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return os.environ.get(PLAIN_NAMES.get(field_name, "")) or None, field_name, False

    def __call__(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, plain in PLAIN_NAMES.items():
            if value := os.environ.get(plain):
                *sections, last = name.split(".")
                at = found
                for section in sections:
                    at = at.setdefault(section, {})
                at[last] = value
        return found


class Settings(BaseSettings):
    """All of Procession's settings. ``procession config show`` prints them with where each came from."""

    model_config = SettingsConfigDict(
        env_prefix="PROCESSION_", env_nested_delimiter="__", extra="forbid", frozen=True, env_ignore_empty=True
    )

    data: Path = Path("procession-data")
    """Folder of the database, objects and keys on one machine."""
    database_url: str | None = None
    """`postgresql://USER:PASSWORD@HOST/NAME` (`?sslmode=` and libpq's other parameters pass through) or
    `sqlite:///PATH`; default: SQLite in the data folder."""
    keys_url: str | None = None
    """`postgresql://…` of a database for the keys alone, outside the backups of `database_url`; needed as soon as
    several processes share `database_url`. Default: a file in the data folder, for one process."""
    redis_url: str | None = None
    """`redis://USER:PASSWORD@HOST:PORT/NUMBER`, `redis+cluster://HOST:PORT,HOST:PORT` or
    `redis+sentinel://HOST:PORT,HOST:PORT/NAME`, with TLS `rediss…://`; `REDIS_URL` is read too. Default: processes
    hear of each other's work through SQL only."""
    blobs_url: str | None = None
    """`s3://BUCKET[/PREFIX]` (see `s3`) or `file:///PATH`; default: the data folder."""
    region: str = "local"
    """Name of this installation's region, in rows, events and metrics."""
    log_format: Literal["text", "json"] = "text"
    """`text` for people, `json` for collectors."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severe level that is logged."""
    api_keys: tuple[ApiKey, ...] = ()
    """Who may ask: `{sha256, tenant, name, operator}` each. None: one local user, loopback only."""
    upload: Upload = Upload()
    sandbox: Sandbox = Sandbox()
    worker: Worker = Worker()
    probes: Probes = Probes()
    queue: Queue = Queue()
    database: Database = Database()
    keys: Keys = Keys()
    redis: Redis = Redis()
    s3: S3 = S3()
    ocr: Ocr = Ocr()
    templates: Templates = Templates()
    ai: Ai = Ai()
    costs: Costs = Costs()
    http: Http = Http()
    webhooks: Webhooks = Webhooks()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = TomlConfigSettingsSource(settings_cls, toml_file=config_file())
        return (init_settings, env_settings, file, _PlainEnvironment(settings_cls))


def config_file(environ: Mapping[str, str] = os.environ) -> Path:
    return Path(environ.get("PROCESSION_CONFIG", "procession.toml"))


def unknown_environment(environ: Mapping[str, str] = os.environ) -> list[str]:
    """``PROCESSION_*`` names that no setting has: pydantic-settings reads only names it knows, we refuse the others."""
    known = {name.upper() for name in Settings.model_fields} | CLIENT_ENVIRONMENT
    found = (key.removeprefix("PROCESSION_") for key in environ if key.startswith("PROCESSION_"))
    return sorted(f"PROCESSION_{key}" for key in found if key.split("__")[0].upper() not in known)


def load(**overrides: Any) -> Settings:
    """Settings from overrides (the command line), then the environment, then the TOML file.

    Raises InvalidRequest with one line per wrong or unknown key.
    """
    if unknown := unknown_environment():
        raise InvalidRequest(f"Unknown settings: {', '.join(unknown)}. `procession config show` lists the known ones.")
    try:
        return Settings(**overrides)
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise InvalidRequest("Settings are not valid. " + "; ".join(lines)) from None
    except tomllib.TOMLDecodeError as error:
        raise InvalidRequest(f"{config_file()} is not valid TOML: {error}") from None


__all__ = [
    "MIB",
    "S3",
    "Ai",
    "ApiKey",
    "Database",
    "Http",
    "Keys",
    "Ocr",
    "Probes",
    "Queue",
    "Redis",
    "Sandbox",
    "Settings",
    "Templates",
    "Upload",
    "Webhooks",
    "Worker",
    "load",
]
