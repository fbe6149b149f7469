"""Answers in AcroForm fields: the value is the field's, every viewer sees it, and the engine reads it back."""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String
from reportlab.pdfgen.canvas import Canvas

from procession.digitize import pipeline
from procession.domain.form import Field, FieldType
from tests.unit.digitize.made import HEIGHT, WIDTH, acroform, changed, drawn
from tests.unit.digitize.papers import fill, ink, pages_of, picture, within

BOOKING = (Path(__file__).parents[3] / "examples" / "acroform-booking.pdf").read_bytes()
Change = Callable[[pikepdf.Pdf], None]


def found(data: bytes) -> list[Field]:
    return list(pipeline.digitize(data).form.fields)


def answered(data: bytes, **values: Any) -> list[Field]:
    """The fields the engine finds, each with the answer given under its name, or none."""
    fields = found(data)
    assert values.keys() <= {field.name for field in fields}, [field.name for field in fields]
    return [field.model_copy(update={"value": values.get(field.name), "value_text": None}) for field in fields]


def values(data: bytes) -> dict[str, Any]:
    return {field.name: field.value for field in found(data)}


def named(data: bytes) -> dict[str, Any]:
    """Full name -> (value, states of its widgets), as the file says."""
    out: dict[str, Any] = {}
    with pikepdf.open(io.BytesIO(data)) as pdf:
        for field in pdf.Root.AcroForm.Fields:
            states = [str(kid.get("/AS", "")) for kid in field.get("/Kids", [field])]
            out[str(field.T)] = (str(field.get("/V", "")), states)
    return out


def one_text(**more: Any) -> bytes:
    """A page with one text widget whose dictionary has ``more``."""

    def draw(canvas: Canvas) -> None:
        canvas.drawString(60, 702, "Full name")
        canvas.acroForm.textfield(name="full", tooltip="Full name", x=140, y=698, width=200, height=18)

    def change(pdf: pikepdf.Pdf) -> None:
        for key, value in more.items():
            pdf.pages[0].Annots[0][f"/{key}"] = value

    return changed(drawn(draw), change)


BOX = (140 / WIDTH, 1 - 716 / HEIGHT, 340 / WIDTH, 1 - 698 / HEIGHT)


def test_every_kind_of_field_holds_its_answer_and_is_read_back() -> None:
    fields = found(BOOKING)
    kinds: dict[FieldType, Any] = {
        FieldType.TEXT: "Ελένη",
        FieldType.EMAIL: "zoe@example.com",
        FieldType.PHONE: "+442079460123",
        FieldType.DATE: "2030-05-14",
        FieldType.CURRENCY: "2450.00",
        FieldType.TEXTAREA: "Two guests need step-free access.",
        FieldType.CHECKBOX: True,
    }
    asked = []
    for field in fields:
        value = field.options[-1].value if field.options else kinds.get(field.type)
        asked.append(field.model_copy(update={"value": value}))
    filled = fill(BOOKING, asked)
    assert filled.notes == ()
    read = {field.id: field for field in found(filled.pdf)}
    assert len(read) == len(fields)
    for field in asked:
        assert read[field.id].value == field.value, field
        assert read[field.id].box == field.box
    before, after = picture(BOOKING), picture(filled.pdf)
    for field in asked:
        if field.value is not None and not field.options and field.box is not None:
            assert ink(after, field.box, before, inset=0.04) > 0.5, field.label


@pytest.mark.parametrize("number", [0, 1])
def test_a_radio_group_has_one_button_on(number: int) -> None:
    data = drawn(acroform)
    (hour,) = [field for field in found(data) if field.options and field.type is FieldType.RADIO]
    option = hour.options[number]
    filled = fill(data, answered(data, **{hour.name: option.value}))
    _, states = named(filled.pdf)["hour"]
    assert [state != "/Off" for state in states] == [number == 0, number == 1]
    assert values(filled.pdf)[hour.name] == option.value


def test_what_was_not_answered_is_emptied() -> None:
    data = drawn(acroform)
    before = values(data)
    assert {name: value for name, value in before.items() if value is not None}
    filled = fill(data, answered(data))
    assert set(values(filled.pdf).values()) == {None}
    for box in [field.box for field in found(data) if field.type in (FieldType.NUMBER, FieldType.CHECKBOX)]:
        assert box is not None
        assert ink(picture(data), box, inset=0.05) > ink(picture(filled.pdf), box, inset=0.05)


def test_one_field_shown_in_two_places_shows_its_answer_in_both() -> None:
    def twice(pdf: pikepdf.Pdf) -> None:
        first = pdf.pages[0].Annots[0]
        kids = []
        for x in (140, 380):
            kid = Dictionary(Type=Name.Annot, Subtype=Name.Widget, Rect=[x, 698, x + 120, 716], P=pdf.pages[0].obj)
            kids.append(pdf.make_indirect(kid))
        parent = pdf.make_indirect(Dictionary(FT=Name.Tx, T=String("full"), DA=first.DA, Kids=Array(kids)))
        for kid in kids:
            kid["/Parent"] = parent
        pdf.pages[0].Annots = Array(kids)
        pdf.Root.AcroForm.Fields = Array([parent])

    data = changed(one_text(), twice)
    one, two = found(data)
    filled = fill(data, [one.model_copy(update={"value": "Orchard"}), two.model_copy(update={"value": None})])
    assert [field.value for field in found(filled.pdf)] == ["Orchard", "Orchard"]
    assert one.box is not None
    assert two.box is not None
    assert ink(picture(filled.pdf), one.box) > 3 < ink(picture(filled.pdf), two.box) + 3
    differ = fill(data, [one.model_copy(update={"value": "Orchard"}), two.model_copy(update={"value": "Barn"})])
    assert differ.pages_appended == 1
    assert "Barn" in {word.text for word in pages_of(differ.pdf)[-1].words}


def test_single_letter_fields_are_spelled_out() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(60, 702, "Postcode")
        for at in range(6):
            canvas.acroForm.textfield(name=f"c{at}", x=140 + 16 * at, y=698, width=15, height=18, maxlen=1)

    data = drawn(draw)
    (comb,) = found(data)
    assert comb.max_length == 6
    filled = fill(data, [comb.model_copy(update={"value": "SW1 2"})])
    assert [named(filled.pdf)[f"c{at}"][0] for at in range(6)] == ["S", "W", "1", "", "2", ""]
    longer = fill(data, [comb.model_copy(update={"value": "SW1A 2AAX"})])
    assert [named(longer.pdf)[f"c{at}"][0] for at in range(6)] == list("SW1A2A")
    assert longer.pages_appended == 1
    assert found(filled.pdf)[0].value == "SW1 2"


def test_a_comb_field_sets_one_letter_a_cell() -> None:
    data = one_text(Ff=1 << 24, MaxLen=10)
    filled = fill(data, answered(data, full_name="ABC"))
    (page,) = pages_of(fill(data, answered(data, full_name="ABC"), flatten=True).pdf)
    letters = sorted((word for word in page.words if word.text in "ABC"), key=lambda word: word.box.x0)
    assert [round(word.box.centre[0]) for word in letters] == [150, 170, 190]
    assert values(filled.pdf)["full_name"] == "ABC"


@pytest.mark.parametrize(("length", "notes"), [(10, 0), (11, 1)])
def test_a_value_longer_than_its_field_takes_is_cut_there_and_kept_whole(length: int, notes: int) -> None:
    data = one_text(MaxLen=10)
    filled = fill(data, answered(data, full_name="x" * length))
    assert len(named(filled.pdf)["full"][0]) == 10
    assert filled.pages_appended == len(filled.notes) == notes
    assert notes == 0 or "x" * 11 in {word.text for word in pages_of(filled.pdf)[-1].words}


@pytest.mark.parametrize("quadding", [0, 1, 2])
def test_text_is_aligned_as_the_field_asks(quadding: int) -> None:
    data = one_text(Q=quadding)
    words = pages_of(fill(data, answered(data, full_name="Orchard"), flatten=True).pdf)[0].words
    (word,) = [word for word in words if word.text == "Orchard"]
    edges = {0: word.box.x0 - 140, 1: word.box.centre[0] - 240 + 3, 2: 340 - word.box.x1}
    assert 1 < edges[quadding] < 6


def test_a_field_keeps_the_size_and_colour_it_asks_for() -> None:
    data = one_text(DA=String("/Helv 7 Tf 1 0 0 rg"))
    words = pages_of(fill(data, answered(data, full_name="Orchard"), flatten=True).pdf)[0].words
    (word,) = [word for word in words if word.text == "Orchard"]
    assert word.colour == (255, 0, 0)
    assert 6 < word.size < 8


def test_long_text_in_a_field_shrinks_before_it_is_cut() -> None:
    data = one_text()
    words = pages_of(fill(data, answered(data, full_name="Orchard House by the river in the valley"), flatten=True).pdf)
    sizes = {word.size for word in words[0].words if word.text in ("Orchard", "valley")}
    assert len(words) == 1
    assert max(sizes) < 12


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_text_stands_upright_in_fields_of_turned_pages(rotation: int) -> None:
    def turn(pdf: pikepdf.Pdf) -> None:
        pdf.pages[0].obj["/Rotate"] = rotation
        pdf.pages[0].Annots[0].Rect = Array([300, 400, 320, 600] if rotation != 180 else [300, 400, 500, 420])

    data = changed(one_text(), turn)
    (field,) = found(data)
    flat = fill(data, [field.model_copy(update={"value": "Orchard House"})], flatten=True)
    page = pages_of(flat.pdf)[0]
    first, second = (word for word in page.words if word.text in ("Orchard", "House"))
    assert first.box.width > 2 * first.box.height
    assert first.box.x1 < second.box.x0
    assert field.box is not None
    assert within(page, field.box) == ["Orchard", "House"]


def test_text_follows_a_form_that_lies_sideways_on_its_page() -> None:
    data = changed(one_text(), lambda pdf: pdf.pages[0].obj.__setitem__("/Rotate", 90))
    (field,) = found(data)
    flat = fill(data, [field.model_copy(update={"value": "Orchard"})], flatten=True)
    assert flat.pages_appended == 0
    (word,) = [word for word in pages_of(flat.pdf)[0].words if word.text == "Orchard"]
    assert word.box.height > 2 * word.box.width


def test_values_a_file_leaves_to_the_viewer_are_shown_and_the_viewer_is_told_no_longer() -> None:
    def leave(pdf: pikepdf.Pdf) -> None:
        pdf.Root.AcroForm.NeedAppearances = True
        other = Dictionary(
            Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=String("other"), V=String("Already here")
        )
        other.Rect, other.P, other.DA = Array([140, 598, 340, 616]), pdf.pages[0].obj, String("/Helv 0 Tf 0 g")
        other.V = String("Already here")
        node = pdf.make_indirect(other)
        pdf.pages[0].Annots.append(node)
        pdf.Root.AcroForm.Fields.append(node)

    data = changed(one_text(), leave)
    name = found(data)[0]
    filled = fill(data, [name.model_copy(update={"value": "Orchard"})])
    with pikepdf.open(io.BytesIO(filled.pdf)) as pdf:
        assert "/NeedAppearances" not in pdf.Root.AcroForm
        assert all("/AP" in widget for widget in pdf.pages[0].Annots)
    assert ink(picture(filled.pdf), (140 / WIDTH, 1 - 616 / HEIGHT, 240 / WIDTH, 1 - 598 / HEIGHT)) > 3


def test_a_list_keeps_several_choices_and_shows_their_labels() -> None:
    def listed(pdf: pikepdf.Pdf) -> None:
        node = pdf.pages[0].Annots[0]
        node.FT, node.Ff = Name.Ch, 1 << 21
        node.Rect = Array([140, 640, 340, 716])
        node.Opt = Array([Array([String("f"), String("Fish")]), Array([String("m"), String("Meat")]), String("Vegan")])

    data = changed(one_text(), listed)
    (field,) = found(data)
    filled = fill(data, [field.model_copy(update={"value": ["f", "Vegan"]})])
    with pikepdf.open(io.BytesIO(filled.pdf)) as pdf:
        assert [str(one) for one in pdf.pages[0].Annots[0].V] == ["f", "Vegan"]
    flat = pages_of(fill(data, [field.model_copy(update={"value": ["f", "Vegan"]})], flatten=True).pdf)[0]
    assert {"Fish", "Vegan"} <= {word.text for word in flat.words}


# --- what a copy cannot keep ------------------------------------------------------------------------------------------


def test_a_second_form_in_xfa_is_taken_out_and_told() -> None:
    data = changed(one_text(), lambda pdf: pdf.Root.AcroForm.__setitem__("/XFA", pdf.make_stream(b"<xdp/>")))
    filled = fill(data, answered(data, full_name="Orchard"))
    with pikepdf.open(io.BytesIO(filled.pdf)) as pdf:
        assert "/XFA" not in pdf.Root.AcroForm
    assert "XFA" in " ".join(filled.notes)


def test_a_digital_signature_is_said_not_to_cover_the_copy() -> None:
    def sign(pdf: pikepdf.Pdf) -> None:
        value = Dictionary(Type=Name.Sig, Filter=Name("/Adobe.PPKLite"))
        node = Dictionary(Type=Name.Annot, Subtype=Name.Widget, FT=Name.Sig, T=String("sig"), V=value)
        node.Rect, node.P = Array([140, 598, 340, 616]), pdf.pages[0].obj
        pdf.Root.AcroForm.Fields.append(pdf.make_indirect(node))
        pdf.Root.AcroForm.SigFlags = 3

    data = changed(one_text(), sign)
    filled = fill(data, answered(data, full_name="Orchard"))
    assert "signature does not cover this copy" in " ".join(filled.notes)
    with pikepdf.open(io.BytesIO(filled.pdf)) as pdf:
        assert "/SigFlags" not in pdf.Root.AcroForm


def test_a_protected_form_that_opens_without_a_password_is_filled() -> None:
    locked = changed(one_text(), lambda pdf: None, encryption=pikepdf.Encryption(user="", owner="secret"))
    filled = fill(locked, answered(locked, full_name="Orchard"))
    assert values(filled.pdf)["full_name"] == "Orchard"
    assert "protected" in " ".join(filled.notes)


DAMAGED: dict[str, Change] = {
    "a rectangle of text": lambda pdf: pdf.pages[0].Annots[0].__setitem__("/Rect", String("here")),
    "appearance that is a number": lambda pdf: pdf.pages[0].Annots[0].__setitem__("/AP", 7),
    "a default appearance that is an array": lambda pdf: pdf.pages[0].Annots[0].__setitem__("/DA", Array([1, 2])),
    "a parent that is its own": lambda pdf: pdf.pages[0].Annots[0].__setitem__("/Parent", pdf.pages[0].Annots[0]),
    "kids that are no dictionaries": lambda pdf: pdf.pages[0].Annots[0].__setitem__("/Kids", Array([1, 2])),
    "fields that are missing": lambda pdf: pdf.Root.AcroForm.__delitem__("/Fields"),
    "no form at all": lambda pdf: pdf.Root.__delitem__("/AcroForm"),
    "a huge text size": lambda pdf: pdf.pages[0].Annots[0].__setitem__("/DA", String("/Helv 99999999 Tf 0 g")),
    "a border of text": lambda pdf: pdf.pages[0].Annots[0].__setitem__("/MK", Dictionary(BC=Array([String("x")]))),
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED)
@pytest.mark.parametrize("flatten", [False, True])
def test_a_damaged_field_still_gets_its_answer_or_has_it_drawn(damage: Change, flatten: bool) -> None:
    good = one_text()
    fields = answered(good, full_name="Orchard")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pikepdf's, of what was just damaged
        damaged = changed(good, damage)
    filled = fill(damaged, fields, flatten=flatten)
    assert ink(picture(filled.pdf), BOX, inset=0.02) > 1


@pytest.mark.parametrize("value", [") Tj /V (", "\x00\x1b\u202e", "x" * 10_000, "שלום 12", "\ud800"])
def test_hostile_values_stay_inside_their_field(value: str) -> None:
    data = one_text()
    filled = fill(data, answered(data, full_name=value))
    with pikepdf.open(io.BytesIO(filled.pdf)) as pdf:
        assert pdf.check_pdf_syntax() == []
    outside = abs(picture(filled.pdf) - picture(data))
    height = outside.shape[0]
    outside[round(BOX[1] * height) - 3 : round(BOX[3] * height) + 3] = 0
    assert int(outside.max()) < 40


def test_the_examples_truth_is_where_the_fields_are() -> None:
    """Fields are found again by their place, so the boxes of a result must be those of the widgets."""
    truth = json.loads((Path(__file__).parents[3] / "examples/truth/acroform-booking.json").read_text())
    boxes = [one["box"] for one in truth["fields"] if one["type"] in ("text", "date")]
    mine = [field.box for field in found(BOOKING)]
    for box in boxes:
        assert any(one and max(abs(a - b) for a, b in zip(one, box, strict=True)) < 0.004 for one in mine)
