"""Answers drawn on pages that have no fields: they stand in their boxes, whole, upright, whatever the page is like."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from bench.formgen import generate
from procession.digitize import pipeline
from procession.digitize.paper.answers import TYPED_NAME
from procession.domain.errors import TooComplex
from procession.domain.form import Field, FieldType, Option
from procession.domain.media import bundle
from tests.unit.digitize.made import HEIGHT, WIDTH, blank_form, changed, drawn
from tests.unit.digitize.papers import a_field, fields_of, fill, ink, pages_of, picture, within

EXAMPLES = Path(__file__).parents[3] / "examples"
DRAWN = ("consultation-form", "day-timeline", "feedback-form", "catering-questionnaire")
NAME_BOX = (140 / WIDTH, 1 - 714 / HEIGHT, 400 / WIDTH, 1 - 698 / HEIGHT)
NOTES_BOX = (60 / WIDTH, 1 - 632 / HEIGHT, 460 / WIDTH, 1 - 560 / HEIGHT)
YES = Option(label="Yes", box=(180 / WIDTH, 1 - 528 / HEIGHT, 189 / WIDTH, 1 - 519 / HEIGHT))
NO = Option(label="No", box=(240 / WIDTH, 1 - 528 / HEIGHT, 249 / WIDTH, 1 - 519 / HEIGHT))
NAME = a_field(box=NAME_BOX, value="Zoë Żółcińska")


def shown_words(field: Field) -> list[str]:
    """What an answer of ``papers.ANSWERS`` looks like on paper."""
    match field.type:
        case FieldType.DATE:
            return ["14", "May", "2030"]
        case FieldType.CURRENCY:
            return ["2,450.00"]
        case FieldType.PHONE:
            return ["+44", "20", "7946", "0123"]
        case _:
            return str(field.value).split()


def check(data: bytes, fields: list[Field]) -> None:
    """Each answer is read back in its box; chosen boxes got ink, others did not; the rest of the form is untouched."""
    filled = fill(data, fields)
    before, after = pages_of(data), pages_of(filled.pdf)
    assert len(after) == len(before) + filled.pages_appended
    for number, page in enumerate(before, start=1):
        old, new = picture(data, number), picture(filled.pdf, number)
        for field in [one for one in fields if one.page == number]:
            if field.options or field.type is FieldType.CHECKBOX:
                chosen = field.value if isinstance(field.value, list) else [field.value]
                for option in field.options or (Option(label="True", box=field.box),):
                    got = ink(new, option.box, old)  # type: ignore[arg-type]
                    assert (got > 8) == (option.label in chosen or field.value is True), (field.label, option, got)
            elif field.max_length is None and field.type is not FieldType.SIGNATURE:
                assert field.box is not None
                found = within(after[number - 1], field.box)
                assert [word for word in found if word in shown_words(field)] == shown_words(field), (field, found)
            else:
                assert field.box is not None
                assert ink(new, field.box, old, inset=0) > 0.5, field
        words = [(word.text, word.box) for word in page.words]
        assert [(word.text, word.box) for word in after[number - 1].words][: len(words)] == words


@pytest.mark.parametrize("name", DRAWN)
def test_every_answer_stands_in_its_box_on_the_examples(name: str) -> None:
    truth = json.loads((EXAMPLES / "truth" / f"{name}.json").read_text())
    check((EXAMPLES / f"{name}.pdf").read_bytes(), fields_of(truth))


@pytest.mark.parametrize("seed", range(900, 912))
def test_every_answer_stands_in_its_box_on_generated_forms(seed: int) -> None:
    data, truth = generate.form(seed)
    fields = [field for field in fields_of(truth) if field.box and _fits(field, data)]
    check(data, fields)


def _fits(field: Field, data: bytes) -> bool:
    """Places that can hold the test's answers at a size people read."""
    page = pages_of(data)[field.page - 1]
    assert field.box is not None
    width, height = (field.box[2] - field.box[0]) * page.width, (field.box[3] - field.box[1]) * page.height
    if field.options or field.type is FieldType.CHECKBOX:
        return True
    needed = 4.2 * len(" ".join(shown_words(field))) + 8
    return width >= needed or (field.type is FieldType.TEXTAREA and width * height >= 10 * needed)


def test_the_engine_reads_back_what_was_written() -> None:
    """On ruled lines and in boxes to tick; what it makes of text in closed boxes is measured by ``bench digitize``."""
    data = (EXAMPLES / "consultation-form.pdf").read_bytes()
    found = pipeline.digitize(data).form.fields
    values: dict[FieldType, Any] = {
        FieldType.EMAIL: "zoe@example.com",
        FieldType.PHONE: "+442079460123",
        FieldType.DATE: "2030-05-14",
        FieldType.TIME: "14:30",
        FieldType.NUMBER: 85,
        FieldType.CHECKBOX: True,
    }
    asked = []
    for field in found:
        value = values.get(field.type, "Orchard House")
        if field.options:
            value = field.options[-1].label if field.type is FieldType.RADIO else [field.options[0].label]
        asked.append(field.model_copy(update={"value": value}))
    again = pipeline.digitize(fill(data, asked).pdf).form.fields
    compared = [field for field in asked if field.type is not FieldType.SIGNATURE]
    read = {field.label.strip(" *"): (field.value, field.box) for field in again}
    wrong = [field.label for field in compared if read.get(field.label.strip(" *"), (None,))[0] != field.value]
    assert len(compared) == 46
    assert wrong == []


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("crop", [None, (40, 30, 580, 770)])
def test_answers_stand_upright_on_turned_and_cropped_pages(rotation: int, crop: tuple[int, ...] | None) -> None:
    def turn(pdf: pikepdf.Pdf) -> None:
        pdf.pages[0].obj["/Rotate"] = rotation
        if crop:
            pdf.pages[0].obj["/CropBox"] = pikepdf.Array(list(crop))

    data = changed(drawn(blank_form), turn)
    (page,) = pages_of(data)
    box = (page.width * 0.3, page.height * 0.85, page.width * 0.7, page.height * 0.85 + 16)
    shares = (box[0] / page.width, box[1] / page.height, box[2] / page.width, box[3] / page.height)
    filled = fill(data, [a_field(box=shares, value="Orchard House 12")])
    (page,) = pages_of(filled.pdf)
    assert [word for word in within(page, shares) if word != "Outdoor"] == ["Orchard", "House", "12"]
    words = [word for word in page.words if word.text in ("Orchard", "House")]
    assert all(word.box.width > 1.5 * word.box.height for word in words)
    assert words[0].box.x0 < words[1].box.x0


DIRTY: dict[str, bytes] = {
    "unrestored states": b"q q 0.2 0 0 0.2 300 300 cm 1 0 0 rg ",
    "a changed matrix": b"0.5 0 0 0.5 10 10 cm ",
    "too many restores": b"Q Q 3 0 0 3 -50 -50 cm ",
    "an open text": b"BT /F1 30 Tf 2 Tr ",
    "rubbish": b"<< /not [ closed (",
}


@pytest.mark.parametrize("tail", DIRTY.values(), ids=DIRTY)
@pytest.mark.parametrize("flatten", [False, True])
def test_a_page_that_leaves_its_state_dirty_takes_answers_in_their_place(tail: bytes, flatten: bool) -> None:
    data = drawn(blank_form)
    dirty = changed(data, lambda pdf: pdf.pages[0].contents_add(b"\n" + tail))
    before = picture(dirty)
    filled = fill(dirty, [NAME], flatten=flatten)
    assert within(pages_of(filled.pdf)[0], NAME_BOX) == ["Zoë", "Żółcińska"]
    after = picture(filled.pdf)
    outside = abs(after - before)
    height = outside.shape[0]
    outside[round(NAME_BOX[1] * height) - 4 : round(NAME_BOX[3] * height) + 4] = 0
    assert int(outside.max()) < 40


def test_resources_shared_by_pages_are_not_changed_for_the_others() -> None:
    data = drawn(blank_form, pages=2)

    def share(pdf: pikepdf.Pdf) -> None:
        resources = pdf.make_indirect(pdf.pages[0].obj["/Resources"])
        for page in pdf.pages:
            del page.obj["/Resources"]
        pdf.Root.Pages["/Resources"] = resources

    filled = fill(changed(data, share), [NAME])
    with pikepdf.open(io.BytesIO(filled.pdf)) as pdf:
        assert "/XObject" not in pdf.pages[1].obj["/Resources"]
    assert abs(picture(filled.pdf, 2) - picture(data, 2)).max() == 0


# --- pictures of paper ------------------------------------------------------------------------------------------------


def scanned(lean: float = 0.0, turn: int = 0) -> bytes:
    """A picture of the drawn form that leans by ``lean`` degrees and lies turned by ``turn``, as a page."""
    pixels = Image.fromarray(picture(drawn(blank_form), width=1240).astype("uint8"))
    pixels = pixels.rotate(-lean, fillcolor=255, resample=Image.Resampling.BICUBIC).rotate(-turn, expand=True)
    size = (WIDTH, HEIGHT) if turn in (0, 180) else (HEIGHT, WIDTH)
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=size)
    canvas.drawImage(ImageReader(pixels), 0, 0, *size)
    canvas.save()
    return out.getvalue()


def test_answers_on_a_scan_follow_the_lean_of_its_lines() -> None:
    filled = fill(scanned(lean=1.5), [a_field(box=NAME_BOX, value="Orchard House by the river")])
    words = {word.text: word.box for word in pages_of(filled.pdf)[0].words}
    fall = words["river"].centre[1] - words["Orchard"].centre[1]
    across = words["river"].centre[0] - words["Orchard"].centre[0]
    assert 0.015 < fall / across < 0.04  # tan 1.5° is 0.026


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_answers_on_a_scan_that_lies_turned_run_along_its_text(turn: int) -> None:
    x0, y0, x1, y1 = NAME_BOX
    lying = {90: (1 - y1, x0, 1 - y0, x1), 180: (1 - x1, 1 - y1, 1 - x0, 1 - y0), 270: (y0, 1 - x1, y1, 1 - x0)}[turn]
    data = scanned(turn=turn)
    filled = fill(data, [a_field(box=lying, value="Orchard House")], turns={1: turn})
    assert ink(picture(filled.pdf), lying, picture(data), inset=0) > 2
    again = pikepdf.open(io.BytesIO(filled.pdf))
    again.pages[0].obj["/Rotate"] = (360 - turn) % 360
    out = io.BytesIO()
    again.save(out)
    (upright,) = pages_of(out.getvalue())
    assert within(upright, NAME_BOX, 4) == ["Orchard", "House"]


def test_a_photograph_becomes_a_pdf_with_the_answers_on_it() -> None:
    photo = io.BytesIO()
    Image.fromarray(picture(drawn(blank_form), width=1240).astype("uint8")).save(photo, "JPEG", dpi=(146, 146))
    filled = fill(bundle([photo.getvalue(), photo.getvalue()]), [NAME.model_copy(update={"page": 2})])
    first, second = pages_of(filled.pdf)
    assert first.words == []
    assert [word.text for word in second.words] == ["Zoë", "Żółcińska"]


# --- what does not fit ------------------------------------------------------------------------------------------------


def everything(data: bytes, first: int) -> str:
    return "".join(word.text for page in pages_of(data)[first:] for word in page.words)


def test_ten_thousand_letters_stand_whole_on_the_pages_at_the_end() -> None:
    answer = " ".join(f"word{number}" for number in range(1300))[:10_000]
    filled = fill(drawn(blank_form), [a_field(FieldType.TEXTAREA, box=NOTES_BOX, value=answer, label="Notes")])
    assert filled.pages_appended >= 2
    assert answer.replace(" ", "") in everything(filled.pdf, 1)
    assert (
        within(pages_of(filled.pdf)[0], NOTES_BOX)[-2:] == ["…", "[1]"]
        or "…" in within(pages_of(filled.pdf)[0], NOTES_BOX)[-2]
    )
    assert any("whole on the last" in note for note in filled.notes)


def test_an_answer_without_a_place_or_with_a_taken_one_is_kept_at_the_end() -> None:
    fields = [
        a_field(id="a", box=None, label="Nowhere", value="First answer"),
        a_field(id="b", box=NAME_BOX, label="Taken", value="Second answer"),
        a_field(FieldType.RADIO, id="c", box=None, options=(YES, NO), value="Perhaps", label="Choice"),
        a_field(id="d", page=7, label="No such page", value="Fourth answer"),
    ]
    filled = fill(drawn(blank_form), fields, taken=frozenset({"b"}))
    form, last = pages_of(filled.pdf)
    assert "answer" not in {word.text for word in form.words}
    text = " ".join(word.text for word in last.words)
    for part in ("Nowhere", "First answer", "Taken", "Second answer", "Perhaps", "Fourth answer", "already printed"):
        assert part in text


def test_more_leftovers_than_the_limit_of_pages_are_refused() -> None:
    fields = [a_field(id=f"f{n}", box=None, value="line\n" * 2_000) for n in range(9)]
    with pytest.raises(TooComplex, match="200 pages"):
        fill(drawn(blank_form), fields)
    assert fill(drawn(blank_form), fields[:2]).pages_appended > 50


# --- hostile answers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        ") Tj ET Q Q 0 0 1 rg 0 0 900 900 re f q BT (",
        "endstream endobj 1 0 obj << /OpenAction << /S /JavaScript /JS (x) >> >>",
        "\x00\x01\x02 a \x1b[2J b \u202e\u2066 c",
        "<script>alert(1)</script> %PDF-1.7 /JS",
        "\U0001f600" * 50,
        "\ud800 lone surrogate",
        "\n\n\n\n",
        " ",
    ],
)
@pytest.mark.parametrize("flatten", [False, True])
def test_a_hostile_answer_is_text_and_nothing_else(value: str, flatten: bool) -> None:
    data = drawn(blank_form)
    filled = fill(data, [NAME.model_copy(update={"value": value})], flatten=flatten)
    with pikepdf.open(io.BytesIO(filled.pdf)) as pdf:
        assert pdf.check_pdf_syntax() == []
        assert "/OpenAction" not in pdf.Root
    changed_pixels = abs(picture(filled.pdf) - picture(data)) > 60
    height = changed_pixels.shape[0]
    changed_pixels[round(NAME_BOX[1] * height) - 4 : round(NAME_BOX[3] * height) + 4] = False
    assert not changed_pixels.any()


def test_characters_that_cannot_be_drawn_are_named_in_a_note() -> None:
    filled = fill(drawn(blank_form), [NAME.model_copy(update={"value": "Anna 花"})])
    (note,) = filled.notes
    assert "Question" in note
    assert "花" in note


def test_a_typed_name_says_that_it_is_no_signature() -> None:
    filled = fill(drawn(blank_form), [a_field(FieldType.SIGNATURE, box=NAME_BOX, value="Zoë Łuk")])
    assert " ".join(within(pages_of(filled.pdf)[0], NAME_BOX)) == f"Zoë Łuk ({TYPED_NAME})"


@pytest.mark.parametrize("flatten", [False, True])
def test_broken_metadata_does_not_stand_in_the_way(flatten: bool) -> None:
    def spoil(pdf: pikepdf.Pdf) -> None:
        pdf.Root.Metadata = pdf.make_stream(b"\x00 no base 85 ~>", Filter=pikepdf.Name.ASCII85Decode)

    data = changed(drawn(blank_form), spoil, fix_metadata_version=False, preserve_pdfa=False)
    assert within(pages_of(fill(data, [NAME], flatten=flatten).pdf)[0], NAME_BOX) == ["Zoë", "Żółcińska"]


def test_one_of_two_boxes_is_ticked() -> None:
    data = drawn(blank_form)
    filled = fill(data, [a_field(FieldType.RADIO, options=(YES, NO), value="No")])
    before, after = picture(data), picture(filled.pdf)
    assert YES.box is not None
    assert NO.box is not None
    assert ink(after, YES.box, before) < 1 < 20 < ink(after, NO.box, before)


def test_the_same_answers_make_the_same_bytes() -> None:
    data = drawn(blank_form)
    assert fill(data, [NAME]).pdf == fill(data, [NAME]).pdf
