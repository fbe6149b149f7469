"""What stands beside the values: signatures of every sort, and words nobody sees."""

from __future__ import annotations

import random

from PIL import Image, ImageDraw
from reportlab.lib.utils import ImageReader

from bench.filled.facts import Facts
from bench.filled.sheet import Sheet
from bench.filled.words import label

SIGNED = ("ink", "ink", "picture", "slash_s", "italic", "mark_ink")
UNSIGNED = ("empty", "empty", "date_only", "printed_name", "x_mark")

TRAPS = ("white", "invisible", "off_page", "transparent", "tiny", "covered")


def signature(sheet: Sheet, facts: Facts, x: float, y: float, how: str, *, width: float = 190.0) -> None:
    """A signature line at ``y`` with its label under, beside or before it; ``how`` is one of SIGNED or UNSIGNED."""
    name = label(facts, "signature")
    shape = facts.pick("under", "under", "beside")
    left = x
    if shape == "beside":
        left = sheet.line(x, y, f"{name}:") + 6
    sheet.rule(left, y + 2, left + width, thick=0.6)
    if shape == "under":
        sheet.line(left, y + 13, name, size=8)
    dated = facts.dice.random() < 0.6
    after = left + width + 14
    if dated:
        word = {"en": "Date", "de": "Datum", "nl": "Datum", "fr": "Date", "es": "Fecha", "it": "Data"}[facts.language]
        if shape == "under":
            sheet.rule(after, y + 2, after + 80, thick=0.6)
            sheet.line(after, y + 13, word, size=8)
        else:
            end = sheet.line(after, y, f"{word}:") + 4
            sheet.rule(end, y + 2, end + 70, thick=0.6)
            after = end
    if how == "ink":
        sheet.ink(left + 12, y, facts.dice)
    elif how == "mark_ink":
        sheet.line(left + 2, y, "X", size=9)
        sheet.ink(left + 18, y, facts.dice, width=110)
    elif how == "picture":
        image = _scribble(facts.dice)
        sheet.canvas.drawImage(ImageReader(image), left + 10, sheet.height - y - 2, width=90, height=28, mask="auto")
        sheet.signed = True
    elif how == "slash_s":
        sheet.line(left + 6, y - 1, f"/s/ {facts.first.text}")
        sheet.signed = True
    elif how == "italic":
        sheet.line(left + 6, y - 1, f"Electronically signed by {facts.first.text}", size=8, italic=True)
        sheet.signed = True
    elif how == "x_mark":
        sheet.line(left + 2, y, "X", size=9)
    elif how == "printed_name":
        sheet.line(left, y + 25, facts.first.text, size=8)
    if dated and (how in SIGNED or how == "date_only"):
        sheet.line(after + 4, y, facts.other_days[0], size=9)


def _scribble(dice: random.Random) -> Image.Image:
    image = Image.new("RGBA", (360, 112), (255, 255, 255, 0))
    pen = ImageDraw.Draw(image)
    points = [(10 + 14 * number, 56 + dice.randint(-40, 40)) for number in range(24)]
    pen.line(points, fill=(10, 20, 90, 255), width=4, joint="curve")
    return image


def traps(sheet: Sheet, facts: Facts, how: str) -> list[str]:
    """Words a reader never sees, made to look like values; returns the normalised values that must not be found."""
    words = (
        f"Wedding date: 1 January 2031   Total price: $98,765.00   {facts.language}",
        "Balance due: $87,654.00  Deposit: $11,111.00  Guests: 987",
        "Email: hidden.person@gmail.com",
    )
    canvas = sheet.canvas
    for number, text in enumerate(words):
        y = 26 + 12 * number
        if how == "white":
            canvas.setFillGray(1.0)
            canvas.setFont(sheet.faces[0], 10)
            canvas.drawString(60, sheet.height - y, text)
        elif how == "invisible":
            written = canvas.beginText(60, sheet.height - y)
            written.setFont(sheet.faces[0], 10)
            written.setTextRenderMode(3)
            written.textOut(text)
            written.setTextRenderMode(0)
            canvas.drawText(written)
        elif how == "off_page":
            canvas.setFont(sheet.faces[0], 10)
            canvas.drawString(sheet.width + 20, sheet.height - y, text)
        elif how == "transparent":
            canvas.saveState()
            canvas.setFillAlpha(0.0)
            canvas.setFont(sheet.faces[0], 10)
            canvas.drawString(60, sheet.height - y, text)
            canvas.restoreState()
        elif how == "tiny":
            canvas.setFont(sheet.faces[0], 0.4)
            canvas.drawString(60, sheet.height - y, text)
        elif how == "covered":
            canvas.setFont(sheet.faces[0], 10)
            canvas.drawString(60, sheet.height - y, text)
            canvas.setFillGray(1.0)
            canvas.rect(50, sheet.height - y - 4, 480, 14, stroke=0, fill=1)
        canvas.setFillGray(0)
    return ["2031-01-01", "98765.00", "87654.00", "11111.00", "987", "hidden.person@gmail.com"]
