"""Which words name which place: left, above, below, inside, a table's heads; and what they say about the answer."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from procession.digitize.detect import Candidate
from procession.digitize.label import Labels
from procession.digitize.layout import Layout
from procession.digitize.legend import read_legend
from procession.digitize.page import Rect
from procession.digitize.wording import Labelled, finished, is_acceptance, is_required, mask_kind, unit_kind

from .drawn import Drawn


def line(x0: float, y: float, x1: float, height: float = 14) -> Candidate:
    return Candidate(Rect(x0, y - height, x1, y), "text", "underline", 0.9, line=y)


def boxed(x0: float, y0: float, x1: float, y1: float) -> Candidate:
    return Candidate(Rect(x0, y0, x1, y1), "text", "box", 0.9)


def labelled(page: Drawn, places: Sequence[Candidate]) -> list[Labelled]:
    found = Labels(Layout(page.page), places).of_all(places)
    return [found[id(place)] for place in places]


def names(page: Drawn, places: Sequence[Candidate]) -> list[str]:
    return [one.label for one in labelled(page, places)]


def test_labels_left_of_their_lines() -> None:
    page = Drawn()
    for y, text in ((100, "Full name:"), (130, "Email:"), (160, "Guests:")):
        page.text(60, y, text)
    assert names(page, [line(160, 112, 400), line(160, 142, 400), line(160, 172, 400)]) == [
        "Full name",
        "Email",
        "Guests",
    ]


def test_labels_above_are_told_from_captions_below_by_the_whole_page() -> None:
    """Text stands between the lines either way; only its first and last line tell which line it belongs to."""
    texts = ("Full name", "Email", "Guests", "Venue")
    above, below = Drawn(), Drawn()
    places = [line(60, 140 + 40 * row, 400) for row in range(4)]
    for row, text in enumerate(texts):
        above.text(60, 113 + 40 * row, text)
        below.text(60, 142 + 40 * row, text)
    assert names(above, places) == list(texts)
    assert names(below, places) == list(texts)


def test_the_lines_of_one_answer_share_its_label() -> None:
    page = Drawn()
    page.text(60, 100, "Describe your vision")
    page.text(60, 190, "Must-have songs")
    places = [line(60, 130, 500), line(60, 150, 480), line(60, 170, 500), line(60, 220, 500), line(60, 240, 490)]
    assert names(page, places) == ["Describe your vision"] * 3 + ["Must-have songs"] * 2


def test_the_parts_of_a_date_share_its_label() -> None:
    page = Drawn()
    page.text(60, 100, "Date:")
    for x in (136, 186):
        page.text(x, 100, "/")
    assert names(page, [line(100, 112, 130), line(150, 112, 180), line(200, 112, 250)]) == ["Date"] * 3


def test_a_heading_above_a_label_is_no_part_of_it() -> None:
    page = Drawn()
    page.text(60, 80, "Music", 15, bold=True)
    page.text(60, 100, "First dance song", 9)
    page.text(60, 160, "Last song", 9)
    found = labelled(page, [boxed(60, 114, 300, 134), boxed(60, 174, 300, 194)])
    assert [one.label for one in found] == ["First dance song", "Last song"]
    assert [one.help for one in found] == [None, None]


def test_small_print_between_label_and_box_is_help() -> None:
    page = Drawn()
    page.text(60, 100, "Ceremony music")
    page.text(60, 112, "list the songs in order", 7)
    page.text(60, 200, "How many guests do you expect?")
    found = labelled(page, [boxed(60, 124, 300, 160), boxed(60, 214, 300, 234)])
    assert (found[0].label, found[0].help) == ("Ceremony music", "list the songs in order")


def test_small_print_under_a_box_is_help() -> None:
    page = Drawn()
    for y, text in ((100, "Wedding date"), (160, "Guests"), (220, "Venue")):
        page.text(60, y, text)
    page.text(60, 136, "day, month and year", 7)
    found = labelled(page, [boxed(60, y, 300, y + 20) for y in (114, 174, 234)])
    assert [one.help for one in found] == ["day, month and year", None, None]


def test_a_wrapped_label_is_read_whole() -> None:
    page = Drawn()
    page.text(60, 100, "Anything else we should know")
    page.text(60, 112, "about you")
    assert names(page, [boxed(60, 126, 300, 146)]) == ["Anything else we should know about you"]


def test_a_label_in_two_lines_beside_a_box_does_not_mix_their_words() -> None:
    page = Drawn()
    page.lines(60, 100, ("Enter the amount from line four", "of the worksheet"), 8, leading=8)
    found = names(page, [boxed(210, 98, 300, 116)])
    assert found in (["of the worksheet"], ["Enter the amount from line four"])


def test_line_numbers_and_leader_dots_are_no_label() -> None:
    page = Drawn()
    end = page.text(60, 100, "Total of all payments . . . . . . . .")
    page.text(end + 2, 100, "12b")
    assert names(page, [boxed(end + 24, 96, end + 90, 114)]) == ["Total of all payments"]


def test_a_currency_sign_before_a_box_is_its_unit() -> None:
    page = Drawn()
    page.text(60, 100, "Deposit")
    page.text(160, 100, "€")
    (found,) = labelled(page, [boxed(170, 98, 260, 114)])
    assert (found.label, unit_kind(found.unit)) == ("Deposit", "currency")


@pytest.mark.parametrize(("unit", "kind"), [("guests", "number"), ("Stunden", "number"), ("€", "currency")])
def test_a_word_behind_a_box_says_what_is_counted(unit: str, kind: str) -> None:
    page = Drawn()
    page.text(60, 100, "We expect about")
    page.text(204, 100, unit)
    (found,) = labelled(page, [boxed(150, 98, 200, 114)])
    assert (found.unit, unit_kind(found.unit)) == (unit, kind)


def test_rows_of_a_table_without_heads_of_their_own_are_numbered() -> None:
    page = Drawn()
    page.text(66, 90, "Guest")
    page.text(206, 90, "Diet")
    places = [
        boxed(61 + 140 * column, 106 + 22 * row, 199 + 140 * column, 126 + 22 * row)
        for row in range(3)
        for column in range(2)
    ]
    assert names(page, places) == ["Guest 1", "Diet 1", "Guest 2", "Diet 2", "Guest 3", "Diet 3"]


def test_words_printed_sideways_in_a_margin_name_nothing() -> None:
    page = Drawn()
    page.text(60, 100, "Name")
    word = page.page.words[0]
    page.page.words.append(type(word)("Office", Rect(48, 90, 57, 130), size=8))
    assert names(page, [boxed(60, 114, 300, 134)]) == ["Name"]


@pytest.mark.parametrize(
    "text",
    [
        "Full name *",
        "Full name*:",
        "* Full name",
        "Email (required)",
        "Nom (obligatoire)",
        "Name (Pflichtfeld)",
        "Nombre (obligatorio)",
        "Naam (verplicht)",
        "Nome (obbligatorio)",
        "E-mail - required",
    ],
)
def test_marks_of_a_required_answer(text: str) -> None:
    assert is_required(text)
    assert finished(text, 1.0).label in {
        "Full name",
        "Email",
        "Nom",
        "Name",
        "Nombre",
        "Naam",
        "Nome",
        "E-mail",
        "E-mail - required",
    }


@pytest.mark.parametrize(
    "text", ["Full name", "Services required by the couple", "Services required", "Phone (optional)", "Arrival time"]
)
def test_other_labels_are_not_required(text: str) -> None:
    assert not is_required(text)


@pytest.mark.parametrize(
    ("legend", "label", "bold", "required"),
    [
        ("Fields marked with † are required", "Full name †", False, True),
        ("† Pflichtfelder", "Name †", False, True),
        ("* optional", "Phone *", False, False),
        ("* = champs obligatoires", "Nom *", False, True),
        ("Fields in bold are required", "Full name", True, True),
        ("Fields in bold are required", "Phone", False, False),
        ("All fields are required.", "Full name", False, True),
        ("All fields are required.", "Phone (optional)", False, False),
        ("Alle Felder sind Pflichtfelder", "Name", False, True),
        ("All fields marked * are required", "Phone", False, False),
        ("Deposit required", "Phone", False, False),
    ],
)
def test_a_legend_explains_the_marks(legend: str, label: str, bold: bool, required: bool) -> None:
    page = Drawn()
    page.text(60, 60, legend)
    found = read_legend(Layout(page.page).runs)
    assert found.requires(finished(label, 1.0), bold=bold) is required


def test_accepting_the_contract_is_required_but_consent_to_photos_is_not() -> None:
    assert is_acceptance("I have read and accept the terms above")
    assert is_acceptance("Ich akzeptiere die AGB")
    assert not is_acceptance("I consent to photos being used in marketing")


def test_brackets_behind_a_label_are_help() -> None:
    found = finished("Wedding date (day/month/year) *", 1.0)
    assert (found.label, found.help, found.required) == ("Wedding date", "day/month/year", True)
    assert finished("Name(s) of guests", 1.0).label == "Name(s) of guests"


def test_a_number_that_belongs_to_the_label_stays_and_a_line_number_goes() -> None:
    page = Drawn()
    end = page.text(60, 100, "Children under 12")
    page.text(60, 130, "Wages and tips")
    page.text(142, 130, "7")
    assert names(page, [line(end + 4, 112, 400), line(156, 142, 400)]) == ["Children under 12", "Wages and tips"]


def test_a_caption_below_a_line_to_sign_on_beats_the_answer_above_going_on() -> None:
    page = Drawn()
    page.text(60, 88, "Comments", size=10)
    lines = [line(60, 120, 300), line(60, 140, 300), line(60, 168, 230)]
    page.text(60, 171, "Signature of supplier")
    assert names(page, lines) == ["Comments", "Comments", "Signature of supplier"]


def test_the_x_before_a_place_to_sign_names_nothing() -> None:
    page = Drawn()
    page.text(60, 102, "X")
    page.text(72, 122, "Unterschrift")
    assert names(page, [boxed(72, 100, 250, 120)]) == ["Unterschrift"]


def test_labels_of_writing_areas_stand_far_above_their_last_line() -> None:
    page = Drawn()
    texts = ("Your vision", "Must have", "Do not play")
    for row, text in enumerate(texts):
        page.text(60, 100 + 80 * row, text)
    assert names(page, [line(60, 170 + 80 * row, 400) for row in range(3)]) == list(texts)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Born on (DD/MM/YYYY)", "date"),
        ("Geboren am TT.MM.JJJJ", "date"),
        ("Né le jj / mm / aaaa", "date"),
        ("Nato il gg-mm-aaaa", "date"),
        ("mm/dd/yy", "date"),
        ("YYYY-MM-DD", "date"),
        ("Doors (hh:mm)", "time"),
        ("Size in mm", None),
        ("Mr. M. Day", None),
    ],
)
def test_a_pattern_says_that_a_date_or_a_time_is_asked_for(text: str, kind: str | None) -> None:
    assert mask_kind(text) == kind


def test_a_pattern_in_the_box_helps_and_names_nothing() -> None:
    page = Drawn()
    page.text(60, 100, "Arrival")
    page.text(64, 118, "DD / MM / YYYY", size=8)
    place = Candidate(Rect(60, 114, 200, 132), "text", "cell", 0.9, cell=Rect(60, 114, 200, 132))
    (found,) = labelled(page, [place])
    assert (found.label, found.help) == ("Arrival", "DD / MM / YYYY")
