"""Blocks with boxes to tick: options in a line or a column, yes or no, rating scales, consent."""

from __future__ import annotations

from bench.formgen.sheet import Box, Mark, Sheet
from bench.formgen.wording import Question, Wording


def _shape(sheet: Sheet, question: Question) -> Mark:
    return sheet.style.round if question.type == "radio" else sheet.style.check


def _size(sheet: Sheet, kind: Mark) -> float:
    return sheet.span("[   ]") if kind == "brackets" else max(7.0, sheet.style.points * 0.95)


def _box(sheet: Sheet, question: Question, x: float, baseline: float) -> Box:
    kind = _shape(sheet, question)
    size = _size(sheet, kind)
    height = sheet.style.points if kind == "brackets" else size
    box = (x, baseline - height + 1.5, x + size, baseline + 1.5)
    sheet.mark(kind, box)
    return box


def choice(sheet: Sheet, words: Wording) -> None:
    """One question with its options: in the question's line, below it, in a column, or in two columns."""
    question = words.question(sheet.chance.choice(("choice", "single", "single")))
    style = sheet.style
    layout = sheet.chance.choice(("line", "line", "below", "column", "pairs"))
    sheet.need(style.pitch * (len(question.options) + 1))
    group = sheet.new_group()
    y = sheet.y + style.pitch * 0.8
    points = sheet.fitting(question.label + style.mark + ":", sheet.x1 - sheet.x0)
    end = sheet.label(question, sheet.x0, y, points)
    size = _size(sheet, _shape(sheet, question))
    x = end + 10
    if layout != "line" or x > sheet.x0 + 0.6 * (sheet.x1 - sheet.x0):
        x, y = sheet.x0 + 6, y + style.pitch * 0.85
    first = x
    half = (sheet.x1 - sheet.x0) / 2
    for number, option in enumerate(question.options):
        need = size + 5 + sheet.span(option)
        if layout == "column" and number:
            x, y = first, y + style.pitch * 0.85
        elif layout == "pairs" and number:
            x, y = (first + half, y) if number % 2 else (first, y + style.pitch * 0.85)
        elif x + need > sheet.x1 and number:
            x, y = sheet.x0 + 6, y + style.pitch * 0.85
        box = _box(sheet, question, x, y)
        sheet.text(option, box[2] + 4, y)
        sheet.add(question, box, option=option, group=group)
        x += need + 14
    sheet.y = y + style.pitch * 0.45


def questions(sheet: Sheet, words: Wording) -> None:
    """A list of yes-or-no questions: text on the left, the two boxes on the right."""
    style = sheet.style
    leaders = sheet.chance.random() < 0.3
    ruled = sheet.chance.random() < 0.3
    for _ in range(sheet.chance.choice((2, 3))):
        question = words.question("yesno")
        sheet.need(style.pitch)
        y = sheet.y + style.pitch * 0.75
        size = _size(sheet, _shape(sheet, question))
        spans = [size + 4 + sheet.span(option) + 10 for option in question.options]
        x = sheet.x1 - sum(spans)
        points = sheet.fitting(question.label + style.mark + ":", x - sheet.x0 - 10)
        end = sheet.label(question, sheet.x0, y, points)
        if leaders and x - end > 30:
            sheet.text(" ." * int((x - end - 12) / sheet.span(" .")), end + 2, y)
        group = sheet.new_group()
        for option, span in zip(question.options, spans, strict=True):
            box = _box(sheet, question, x, y)
            sheet.text(option, box[2] + 4, y)
            sheet.add(question, box, option=option, group=group)
            x += span
        sheet.y += style.pitch
        if ruled:
            sheet.rule(sheet.x0, sheet.x1, sheet.y)
    sheet.y += 4


def scale(sheet: Sheet, words: Wording) -> None:
    """Rows to rate under a row of numbers."""
    style = sheet.style
    heads = tuple(str(n) for n in range(1, sheet.chance.choice((4, 6, 6, 11))))
    rated = [words.question("rated") for _ in range(sheet.chance.choice((2, 3, 4)))]
    sheet.need(style.pitch * (len(rated) + 1))
    first = sheet.x0 + (sheet.x1 - sheet.x0) * 0.48
    step = (sheet.x1 - first) / len(heads)
    for number, head in enumerate(heads):
        sheet.text(head, first + step * (number + 0.5), sheet.y + style.pitch * 0.7, style.bold, align="centre")
    sheet.y += style.pitch * 0.9
    gridded = sheet.chance.random() < 0.4
    for asked in rated:
        question = Question(asked.label, "radio", None, heads, asked.required)
        y = sheet.y + style.pitch * 0.7
        sheet.label(question, sheet.x0 + 2, y, sheet.fitting(question.label + style.mark + ":", first - sheet.x0 - 6))
        group = sheet.new_group()
        for number, head in enumerate(heads):
            size = min(_size(sheet, _shape(sheet, question)), step * 0.8)
            kind = "circle" if _shape(sheet, question) == "brackets" else _shape(sheet, question)
            x = first + step * (number + 0.5) - size / 2
            box = (x, y - size + 1.5, x + size, y + 1.5)
            sheet.mark(kind, box)
            sheet.add(question, box, option=head, group=group)
        sheet.y += style.pitch
        if gridded:
            sheet.rule(sheet.x0, sheet.x1, sheet.y)
    sheet.y += 6


def consent(sheet: Sheet, words: Wording) -> None:
    """One box before one sentence."""
    question, style = words.question("consent"), sheet.style
    sheet.need(style.pitch)
    y = sheet.y + style.pitch * 0.75
    box = _box(sheet, question, sheet.x0, y)
    points = sheet.fitting(question.label + style.mark + ":", sheet.x1 - box[2] - 6)
    sheet.label(question, box[2] + 5, y, points)
    sheet.add(question, box)
    sheet.y += style.pitch
