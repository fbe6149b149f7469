"""What a form prints about its answers becomes rules of its schema, and refusals in plain words."""

from __future__ import annotations

from typing import Any

import pytest

from procession.domain.form import Form
from procession.services import form_schema
from procession.services.printed_rules import Rules, printed_rules
from tests.unit.services.acting import a_field


@pytest.mark.parametrize(
    ("label", "hint", "rules"),
    [
        ("Tables", "between 1 and 10", Rules(minimum=1, maximum=10)),
        ("Rating from 1 to 5", None, Rules(minimum=1, maximum=5)),
        ("Note", "von 1 bis 6", Rules(minimum=1, maximum=6)),
        ("Note", "de 0 à 20", Rules(minimum=0, maximum=20)),
        ("Puntuación", "entre 1 y 10", Rules(minimum=1, maximum=10)),
        ("Cijfer", "van 1 tot 10", Rules(minimum=1, maximum=10)),
        ("Voto", "da 1 a 10", Rules(minimum=1, maximum=10)),
        ("Rating", "1-5", Rules(minimum=1, maximum=5)),
        ("Guests seated", "max. 200", Rules(maximum=200)),
        ("Guests seated", "at least 20", Rules(minimum=20)),
        ("Gäste", "mindestens 20, höchstens 80", Rules(minimum=20, maximum=80)),
        ("Capacity", "up to 1,200", Rules(maximum=1200)),
        ("Number of guests", None, Rules(minimum=0, integer=True)),
        ("Anzahl der Gäste", "max. 120", Rules(minimum=0, maximum=120, integer=True)),
        ("Deposit", "% of the total", Rules(minimum=0, maximum=100)),
        ("Since", "YYYY", Rules(minimum=1000, maximum=9999, integer=True)),
        # no rules: ages, prices, lines, contradictions
        ("Children under 12", None, Rules()),
        ("Hours", "10-8", Rules()),
        ("Hours", "1-2 days before", Rules()),
        ("Guests", "at least 80, at most 20", Rules()),
        ("Guests", "max. 99,999,999", Rules()),
    ],
)
def test_limits_of_numbers_are_read_where_they_are_certain(label: str, hint: str | None, rules: Rules) -> None:
    assert printed_rules(a_field(1, type="number", label=label, help=hint)) == rules


@pytest.mark.parametrize(
    ("label", "hint", "most"),
    [
        ("Your story", "max. 200 characters", 200),
        ("Your story (up to 1,000 characters)", None, 1000),
        ("Eure Geschichte", "höchstens 300 Zeichen", 300),
        ("Votre histoire", "150 caractères max.", 150),
        ("Vuestra historia", "máximo 80 caracteres", 80),
        ("Jullie verhaal", "maximaal 90 tekens", 90),
        ("La vostra storia", "massimo 70 caratteri", 70),
        ("Your story", "max. 3 songs", None),
    ],
)
def test_lengths_of_texts_are_read_in_six_languages(label: str, hint: str | None, most: int | None) -> None:
    assert printed_rules(a_field(1, type="textarea", label=label, help=hint)) == Rules(characters_max=most)


def test_the_shorter_of_the_printed_and_the_files_own_length_holds() -> None:
    assert printed_rules(a_field(1, help="max. 200 characters", max_length=40)).characters_max == 40


def test_a_comb_limits_a_count_by_its_cells() -> None:
    counted = a_field(1, type="number", label="Number of guests", max_length=3)
    assert printed_rules(counted) == Rules(minimum=0, maximum=999, integer=True)


@pytest.mark.parametrize(
    ("changes", "given", "message"),
    [
        ({"help": "between 1 and 10"}, 11, "This must be between 1 and 10."),
        ({"help": "between 1 and 10"}, 0, "This must be between 1 and 10."),
        ({"help": "max. 1200"}, 1201, "This cannot be more than 1,200."),
        ({"help": "at least 20"}, 19, "This cannot be less than 20."),
        ({"label": "How many cars?"}, 2.5, "This is not a whole number. Use digits only."),
    ],
)
def test_an_answer_past_a_limit_is_refused_in_plain_words(changes: dict[str, Any], given: float, message: str) -> None:
    form = Form(fields=(a_field(1, name="q", type="number", **changes),))
    assert form_schema.problems(form, {"q": given}) == [{"field": "q", "message": message}]


@pytest.mark.parametrize("given", [1, 10])
def test_an_answer_at_a_limit_is_taken(given: int) -> None:
    form = Form(fields=(a_field(1, name="q", type="number", help="between 1 and 10"),))
    assert form_schema.problems(form, {"q": given}) == []


def test_a_printed_length_is_the_schemas() -> None:
    form = Form(fields=(a_field(1, name="q", type="textarea", help="max. 200 characters"),))
    assert form_schema.json_schema(form)["properties"]["q"]["maxLength"] == 200
    (problem,) = form_schema.problems(form, {"q": "x" * 201})
    assert problem["message"] == "This answer is too long: at most 200 characters."
