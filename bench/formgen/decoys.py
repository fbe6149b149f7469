"""What is on forms and is no field: headings with rules, running text, price tables, frames, logos, footers."""

from __future__ import annotations

from reportlab.lib.colors import white

from bench.formgen.sheet import INK, Sheet
from bench.formgen.wording import Wording


def letterhead(sheet: Sheet, words: Wording) -> None:
    """The supplier's name on a band or over a rule, perhaps with a logo; then the title."""
    style, chance = sheet.style, sheet.chance
    left, right = style.margin, style.size[0] - style.margin
    kind = chance.choice(("band", "rule", "plain", "logo"))
    if kind == "band":
        sheet.frame((0, 0, style.size[0], 62), style.colour, stroke=False)
        sheet.text("Larkspur & Fern Weddings", left, 38, style.bold, 18, white)
        sheet.y = 84
    else:
        x = left
        if kind == "logo":
            sheet.frame((left, 30, left + 34, 64), style.colour, stroke=False)
            sheet.mark("circle", (left + 7, 37, left + 27, 57))
            x += 44
        sheet.text("Larkspur & Fern Weddings", x, 50, style.bold, 15, style.colour)
        sheet.text("hello@larkspurfern.example.com   +1 555 0104", right, 50, points=7.5, align="right")
        if kind == "rule":
            sheet.rule(left, right, 58, style.colour, 1.5)
        sheet.y = 78
    sheet.text(words.words("title"), left, sheet.y + 14, style.bold, chance.choice((14, 16, 19)))
    sheet.y += 24
    if chance.random() < 0.1:
        edge = style.margin - 12
        sheet.frame((edge, 20, style.size[0] - edge, style.size[1] - 20))
    sheet.top = sheet.y


def footer(sheet: Sheet) -> None:
    style = sheet.style
    y = style.size[1] - 22
    if sheet.chance.random() < 0.4:
        sheet.rule(style.margin, style.size[0] - style.margin, y - 10)
    sheet.text("Larkspur & Fern Weddings, 12 Example Row, Springfield", style.margin, y, points=7)
    sheet.text(f"{sheet.page}", style.size[0] - style.margin, y, points=7, align="right")


def section(sheet: Sheet, words: Wording, number: int) -> None:
    style, title = sheet.style, words.words("section")
    sheet.need(style.pitch * 4)
    sheet.y += 8
    sheet.section = title
    points = style.points + 2
    if style.heading in ("band", "boxed"):
        box = (sheet.x0, sheet.y, sheet.x1, sheet.y + points + 6)
        sheet.frame(box, style.colour if style.heading == "band" else style.tint, stroke=style.heading == "boxed")
        colour = white if style.heading == "band" else INK
        sheet.text(title, sheet.x0 + 4, sheet.y + points + 1, style.bold, points, colour)
        sheet.y += points + 12
        return
    shown = {"caps": title.upper(), "numbered": f"{number}. {title}"}.get(style.heading, title)
    sheet.text(shown, sheet.x0, sheet.y + points, style.bold, points, style.colour)
    if style.heading == "rule":
        sheet.rule(sheet.x0, sheet.x1, sheet.y + points + 4, style.colour, 0.9)
    sheet.y += points + 9


def paragraph(sheet: Sheet, words: Wording) -> None:
    style = sheet.style
    points = style.points * 0.9
    x = sheet.x0
    sheet.need(points * 6)
    sheet.y += points * 1.3
    for token in words.words("prose").split():
        span = sheet.span(token, points=points)
        if x + span > sheet.x1:
            x, sheet.y = sheet.x0, sheet.y + points * 1.3
        sheet.text(token, x, sheet.y, points=points)
        x += span + sheet.span(" ", points=points)
    sheet.y += points


def prices(sheet: Sheet, words: Wording) -> None:
    """A table that is full: every cell is printed."""
    style = sheet.style
    items = words.parts("price")
    height = style.points * 1.7
    sheet.need(height * (len(items) + 1))
    framed = sheet.chance.random() < 0.5
    middle = sheet.x0 + (sheet.x1 - sheet.x0) * 0.7
    for item in items:
        box = (sheet.x0, sheet.y, sheet.x1, sheet.y + height)
        if framed:
            sheet.frame(box)
            sheet.upright(middle, sheet.y, sheet.y + height)
        else:
            sheet.rule(sheet.x0, sheet.x1, box[3])
        sheet.text(item, sheet.x0 + 4, box[3] - height * 0.3)
        price = f"$ {sheet.chance.randrange(5, 200) * 10}.00"
        sheet.text(price, sheet.x1 - 4 if framed else middle + 60, box[3] - height * 0.3, align="right")
        sheet.y += height
    sheet.y += 8


def notice(sheet: Sheet, words: Wording) -> None:
    """A framed or tinted note, full of text."""
    top = sheet.y + 3
    page, column = sheet.page, sheet.column
    paragraph(sheet, words)
    if (page, column) == (sheet.page, sheet.column):
        sheet.frame((sheet.x0 - 3, top, sheet.x1 + 3, sheet.y - 1))
    sheet.y += 4


def bullets(sheet: Sheet, words: Wording) -> None:
    """Filled squares before lines of text are no boxes to tick."""
    style = sheet.style
    for item in words.parts("price"):
        sheet.need(style.points * 1.5)
        y = sheet.y + style.points * 1.2
        sheet.frame((sheet.x0 + 3, y - 4, sheet.x0 + 7, y), INK, stroke=False)
        sheet.text(item, sheet.x0 + 13, y)
        sheet.y += style.points * 1.5
    sheet.y += 4
