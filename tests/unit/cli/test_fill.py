"""``procession fill``: answers from a file onto a PDF, on this machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from procession.cli import fill as command
from tests.support import documents
from tests.unit.digitize.papers import pages_of

program = typer.Typer()
command.register(program)


def run(folder: Path, answers: object, *more: str, form: bytes = b"") -> tuple[Result, Path]:
    (folder / "form.pdf").write_bytes(form or documents.form())
    (folder / "answers.json").write_text(answers if isinstance(answers, str) else json.dumps(answers))
    out = folder / "out.pdf"
    given = [str(folder / "form.pdf"), str(folder / "answers.json"), "-o", str(out), *more]
    return CliRunner(env={"NO_COLOR": "1"}).invoke(program, given), out


def test_answers_are_written_into_a_copy(tmp_path: Path) -> None:
    result, out = run(tmp_path, {"bride_s_name": "Zoë Łuk", "wedding_date": "2030-05-04"}, "--flatten")
    assert result.exit_code == 0, result.output
    words = {word.text for word in pages_of(out.read_bytes())[0].words}
    assert {"Zoë", "Łuk", "May", "2030"} <= words
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"wedding_date": "soon"}, "wedding_date: This is not a date."),
        ({"shoe_size": 4}, "shoe_size: This form has no such question."),
        ("[1]", "no JSON object"),
        ("{", "no JSON object"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_and_nothing_is_written(
    tmp_path: Path, answers: object, said: str
) -> None:
    result, out = run(tmp_path, answers)
    assert result.exit_code == 2
    assert said in result.stderr
    assert not out.exists()


def test_a_broken_form_gives_one_line(tmp_path: Path) -> None:
    result, _ = run(tmp_path, {}, form=b"no pdf")
    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1
