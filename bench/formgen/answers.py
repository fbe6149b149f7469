"""Blocks with blanks to write in: rows, areas, tables, combs, sentences, signatures."""

from __future__ import annotations

from reportlab.lib.colors import HexColor, white

from bench.formgen.sheet import Box, Sheet
from bench.formgen.wording import Question, Wording

GAP_POINTS = 14.0


def row(sheet: Sheet, words: Wording) -> None:
    """One to three questions side by side."""
    chance, style = sheet.chance, sheet.style
    count = 1 if style.columns > 1 else chance.choice((1, 1, 2, 2, 3))
    asked = [words.question("answer") for _ in range(count)]
    weights = [chance.uniform(0.8, 1.4) for _ in asked]
    sheet.need(style.pitch * 2)
    usable, x = sheet.x1 - sheet.x0 - GAP_POINTS * (count - 1), sheet.x0
    deepest = sheet.y
    for question, weight in zip(asked, weights, strict=True):
        right = x + usable * weight / sum(weights)
        deepest = max(deepest, _ask(sheet, question, x, right))
        x = right + GAP_POINTS
    sheet.y = deepest


def _ask(sheet: Sheet, question: Question, x0: float, x1: float) -> float:
    style, top = sheet.style, sheet.y
    labels = style.labels
    if labels == "left" and sheet.label_width(question) > 0.62 * (x1 - x0):
        labels = "above"
    points = sheet.fitting(question.label + style.mark + ":", x1 - x0 - 6)
    if labels == "left":
        end = sheet.label(question, x0, top + style.pitch - 4) + sheet.chance.uniform(2, 8)
        _blank(sheet, question, (end, top + style.lift, x1, top + style.pitch - 1))
        return top + style.pitch
    if labels == "inside":
        bottom = top + style.pitch + points * 0.9
        box = (x0, top, x1, bottom)
        sheet.frame(box)
        sheet.label(question, x0 + 3, top + points * 0.8 + 1, points * 0.8)
        sheet.add(question, (x0 + 1, top + points + 1, x1 - 1, bottom - 1))
        return bottom + sheet.chance.choice((0.0, 4.0))
    if labels == "below":
        bottom = top + style.pitch
        _blank(sheet, question, (x0, top + style.lift, x1, bottom))
        sheet.label(question, x0, bottom + points * 0.85 + 1, points * 0.85)
        return bottom + points * 0.85 + 5
    sheet.label(question, x0, top + points + 1, points)
    bottom = top + points + 3 + style.pitch
    _blank(sheet, question, (x0, top + points + 4 + style.lift, x1, bottom))
    return bottom + 3


def _blank(sheet: Sheet, question: Question, box: Box, *, multiline: bool = False) -> None:
    """Where the answer goes, in the form's style; ``box`` is the truth."""
    style, (x0, y0, x1, y1) = sheet.style, box
    if style.blank == "box":
        sheet.frame(box)
    elif style.blank == "tint":
        sheet.frame(box, style.tint, stroke=False)
    elif style.blank == "white":
        sheet.frame((x0 - 2, y0 - 2, x1 + 2, y1 + 2), style.tint, stroke=False)
        sheet.frame(box, white, stroke=False)
    elif style.blank in ("dots", "underscores"):
        letter = "." if style.blank == "dots" else "_"
        count = int((x1 - x0) / sheet.span(letter))
        sheet.text(letter * count, x0, y1 - 2.5)
    else:
        sheet.rule(x0, x1, y1)
    sheet.add(question, box, multiline=multiline)


def area(sheet: Sheet, words: Wording) -> None:
    """A question with room for several lines: a frame or ruled lines."""
    style, question = sheet.style, words.question("textarea")
    lines = sheet.chance.choice((2, 3, 4, 5))
    height = lines * style.pitch
    sheet.need(height + style.pitch)
    inside = sheet.chance.random() < 0.25
    top = sheet.y
    sheet.label(question, sheet.x0 + 3 * inside, top + style.points + 2)
    first = top + style.points + 5
    if inside or style.blank in ("box", "tint", "white"):
        frame = (sheet.x0, top if inside else first, sheet.x1, first + height)
        sheet.frame(frame, style.tint if style.blank == "tint" and not inside else None)
        sheet.add(question, (sheet.x0, first, sheet.x1, first + height), multiline=True)
    else:
        for number in range(1, lines + 1):
            sheet.rule(sheet.x0, sheet.x1, first + number * style.pitch)
        sheet.add(question, (sheet.x0, first, sheet.x1, first + height), multiline=True)
    sheet.y = first + height + 4


def table(sheet: Sheet, words: Wording) -> None:
    """Column titles over empty cells; sometimes the first column is printed or numbered."""
    style, chance = sheet.style, sheet.chance
    named = chance.random() < 0.5
    columns, rows = (words.parts("groupcols"), words.parts("grouprows")) if named else (words.parts("columns"), ())
    count = len(rows) or chance.randrange(3, 8)
    numbered = not named and chance.random() < 0.4
    height = style.pitch * chance.uniform(0.95, 1.2)
    sheet.need((min(count, 4) + 1) * height)
    printed = named or numbered
    x0, x1 = sheet.x0, sheet.x1
    first = x0 + ((x1 - x0) * (0.25 if named else 0.07) if printed else 0)
    weights = [chance.uniform(0.8, 1.6) for _ in columns]
    edges = [first]
    for weight in weights:
        edges.append(edges[-1] + (x1 - first) * weight / sum(weights))
    _row_of_titles(sheet, columns, edges, height)
    verticals = chance.random() < 0.85
    for number in range(count):
        sheet.need(height)
        top, bottom = sheet.y, sheet.y + height
        if verticals:
            sheet.frame((x0, top, x1, bottom))
            for edge in edges[0 if printed else 1 : -1]:
                sheet.upright(edge, top, bottom)
        else:
            sheet.rule(x0, x1, bottom)
        if printed:
            said = rows[number] if named else str(number + 1)
            sheet.text(said, x0 + 3, bottom - height / 2 + style.points / 3, points=sheet.fitting(said, first - x0 - 6))
        for column, left, right in zip(columns, edges, edges[1:], strict=False):
            label = f"{rows[number]} {column}" if named else column
            sheet.add(Question(column, "text"), (left, top, right, bottom), label=label)
        sheet.y = bottom
    sheet.y += 8


def _row_of_titles(sheet: Sheet, columns: tuple[str, ...], edges: list[float], height: float) -> None:
    style = sheet.style
    sheet.frame((sheet.x0, sheet.y, sheet.x1, sheet.y + height), style.tint if sheet.chance.random() < 0.6 else None)
    for column, left, right in zip(columns, edges, edges[1:], strict=False):
        points = sheet.fitting(column, right - left - 6, style.bold)
        sheet.text(column, left + 3, sheet.y + height / 2 + points / 3, style.bold, points)
    sheet.y += height


def comb(sheet: Sheet, words: Wording) -> None:
    """One character a cell."""
    style, chance = sheet.style, sheet.chance
    question = words.question("answer")
    cells = chance.choice((5, 6, 8, 8, 9, 10))
    cell = min(style.pitch * 0.8, (sheet.x1 - sheet.x0) * 0.5 / cells)
    sheet.need(style.pitch * 2)
    top, bottom = sheet.y + 2, sheet.y + style.pitch
    points = sheet.fitting(question.label + style.mark + ":", (sheet.x1 - sheet.x0) * 0.4)
    end = sheet.label(question, sheet.x0, bottom - 4, points) + 6
    if chance.random() < 0.5:
        for number in range(cells):
            sheet.frame((end + number * cell, top, end + (number + 1) * cell, bottom))
    else:
        sheet.rule(end, end + cells * cell, bottom)
        for number in range(cells + 1):
            sheet.upright(end + number * cell, bottom - (bottom - top) * 0.45, bottom)
    sheet.add(question, (end, top, end + cells * cell, bottom), comb=True)
    sheet.y = bottom + 5


def sentence(sheet: Sheet, words: Wording) -> None:
    """Running text with blanks drawn or typed in it."""
    style, chance = sheet.style, sheet.chance
    typed = chance.random() < 0.5
    sheet.need(style.pitch * 4)
    x, y = sheet.x0, sheet.y + style.pitch
    space = sheet.span(" ")
    for token in words.words("sentence").split():
        blank = token.startswith("____")
        width = chance.uniform(70, 130) if blank else sheet.span(token)
        if x + width > sheet.x1:
            x, y = sheet.x0, y + style.pitch
        if blank and typed:
            count = int(width / sheet.span("_"))
            width = sheet.text("_" * count, x, y) - x
        elif blank:
            sheet.rule(x, x + width, y + 1.5)
        else:
            sheet.text(token, x, y)
        if blank:
            sheet.add(Question("", "text"), (x, y - style.pitch + 4 + style.lift, x + width, y + 1.5))
        x += width + space
    sheet.y = y + 8


def signatures(sheet: Sheet, words: Wording) -> None:
    """A line to sign on, mostly with a date beside it; captions left or below."""
    style, chance = sheet.style, sheet.chance
    below = chance.random() < 0.6
    for _ in range(chance.choice((1, 1, 2))):
        question, date = words.question("signature"), words.question("signdate")
        height = max(style.pitch, 20.0)
        sheet.need(height + style.pitch + 6)
        bottom = sheet.y + height + 6
        middle = sheet.x0 + (sheet.x1 - sheet.x0) * 0.62
        _sign(sheet, question, sheet.x0, middle, bottom, height, below)
        if chance.random() < 0.85:
            _sign(sheet, date, middle + GAP_POINTS, sheet.x1, bottom, height * 0.8, below)
        sheet.y = bottom + (style.points + 6 if below else 6)


def _sign(sheet: Sheet, question: Question, x0: float, x1: float, bottom: float, height: float, below: bool) -> None:
    points = sheet.fitting(question.label + sheet.style.mark + ":", (x1 - x0) * (0.9 if below else 0.55))
    start = x0
    if below:
        sheet.label(question, x0, bottom + points + 1, points)
        if question.type == "signature" and sheet.chance.random() < 0.3:
            start = sheet.text("X ", x0, bottom - 2, sheet.style.bold)
    else:
        start = sheet.label(question, x0, bottom - 3, points) + 5
    if sheet.chance.random() < 0.15:
        sheet.frame((start, bottom - height, x1, bottom), HexColor("#ffffff"))
    else:
        sheet.rule(start, x1, bottom)
    sheet.add(question, (start, bottom - height + 2, x1, bottom))
