"""Fills blank forms as couples do: typed answers in the boxes, ticks in some squares. The truth stays the same."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Iterable
from typing import Any

import pikepdf
import pypdfium2
from pikepdf import Dictionary, Name

from bench.scoring import BUTTONS
from procession.digitize.document import Frame, open_document

ANSWERED_SHARE = 0.85
TICKED_SHARE = 0.4
SIZE_POINTS_MAX, SIZE_POINTS_MIN = 11.0, 5.0
CHARACTER_EM = 0.5
"""Mean width of Helvetica's letters."""

INKS = ("0 g", "0 g", "0 0 0.35 rg")
"""Viewers print answers in black, some of them in dark blue."""
FIRST = ("Avery", "Jordan", "Robin", "Casey", "Morgan", "Riley", "Sam", "Charlie", "Alex", "Quinn", "Jamie", "Taylor")
LAST = ("Sample", "Specimen", "Example", "Placeholder", "Template", "Testman", "Draft", "Proof")
PLACES = ("Springfield", "Larkspur Barn", "The Old Mill", "Harbour House", "Orchard Hall", "Rosewood Manor")
WORDS = (
    *("we", "would", "like", "a", "quiet", "corner", "for", "the", "older", "guests", "and", "plenty", "of", "light"),
    *("please", "ask", "our", "planner", "two", "vegetarian", "meals", "no", "nuts", "until", "late", "band", "at"),
)

_FACES = {"/BenchSans": Name.Helvetica, "/BenchMono": Name.Courier, "/BenchTick": Name.ZapfDingbats}

_KINDS = (
    (r"e.?mail", "email"),
    (r"phone|mobile|tel\b|fax|cell", "phone"),
    (r"date|birth|dob|expires", "date"),
    (r"time|hour|start|end\b", "time"),
    (r"zip|postal", "zip"),
    (r"state\b", "state"),
    (r"amount|total|fee|price|cost|income|tax|paid|due|wages|\$|balance|credit|budget", "money"),
    (r"number|no\b|ssn|ein|how many|count|guests|qty|age\b|line", "number"),
    (r"address|street", "address"),
    (r"city|county|venue|place|location", "place"),
    (r"name|partner|spouse|signature|contact|bride|groom", "name"),
)


def filled(data: bytes, truth: dict[str, Any], seed: int) -> bytes:
    """The same pages with answers printed into the truth's boxes, as a viewer leaves them after flattening."""
    chance = random.Random(seed)
    document = open_document(data)
    frames = {page: document.page(page).frame for page in truth["scored_pages"]}
    document.close()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        for number, frame in frames.items():
            entries = [entry for entry in truth["fields"] if entry["page"] == number]
            drawing = " ".join(_page(entries, frame, chance))
            page = pdf.pages[number - 1]
            for alias, face in _FACES.items():
                font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=face)
                page.add_resource(font, Name.Font, Name(alias))
            page.contents_add(b"q", prepend=True)
            page.contents_add(f"Q q {_to_user_space(frame)} cm {drawing} Q".encode("ascii", "replace"))
        out = io.BytesIO()
        pdf.save(out, static_id=True)
    pypdfium2.PdfDocument(out.getvalue()).close()
    return out.getvalue()


def _to_user_space(frame: Frame) -> str:
    """The matrix from the displayed page (origin bottom left, y up) to user space."""
    left, bottom, right, top = frame.left, frame.bottom, frame.right, frame.top
    matrix = {
        0: (1, 0, 0, 1, left, bottom),
        90: (0, 1, -1, 0, left + frame.height, bottom),
        180: (-1, 0, 0, -1, right, bottom + frame.height),
        270: (0, -1, 1, 0, right - frame.height, top),
    }[frame.rotation]
    return " ".join(f"{value:.3f}" for value in matrix)


def _page(entries: list[dict[str, Any]], frame: Frame, chance: random.Random) -> Iterable[str]:
    chosen = {entry["name"]: chance.random() for entry in entries}
    radios: dict[str, int] = {}
    face = chance.choice(("/BenchSans", "/BenchMono"))
    yield chance.choice(INKS)
    for entry in entries:
        x0, y0, x1, y1 = entry["box"]
        box = (x0 * frame.width, (1 - y1) * frame.height, x1 * frame.width, (1 - y0) * frame.height)
        if entry["type"] in BUTTONS:
            first = radios.setdefault(entry["name"], 0) == 0
            radios[entry["name"]] += 1
            ticked = first if entry["type"] == "radio" else chance.random() < TICKED_SHARE
            if ticked:
                yield _tick(box, chance)
        elif chosen[entry["name"]] < ANSWERED_SHARE:
            yield _answer(entry, box, face, chance)


def _tick(box: tuple[float, float, float, float], chance: random.Random) -> str:
    """ZapfDingbats: 4 is a tick, 8 a cross."""
    x0, y0, x1, y1 = box
    size = max(4.0, min(x1 - x0, y1 - y0))
    x, y = (x0 + x1) / 2 - 0.4 * size, (y0 + y1) / 2 - 0.35 * size
    return f"BT /BenchTick {size:.1f} Tf {x:.2f} {y:.2f} Td ({chance.choice('48')}) Tj ET"


def _answer(entry: dict[str, Any], box: tuple[float, float, float, float], face: str, chance: random.Random) -> str:
    x0, y0, x1, y1 = box
    height, width = y1 - y0, x1 - x0
    size = min(SIZE_POINTS_MAX, max(SIZE_POINTS_MIN, height * 0.72))
    em = 0.6 if face == "/BenchMono" else CHARACTER_EM
    room = max(1, int((width - 3) / (em * size)))
    lines_max = max(1, int(height / (1.2 * size))) if entry.get("multiline") or height > 2.6 * size else 1
    words = answer(f"{entry.get('label') or ''} {entry.get('name') or ''}", room * lines_max, chance)
    if entry.get("comb"):
        cells = max(1, round(width / (1.1 * height)))
        step = width / cells
        marks = "".join(c for c in words if c.isalnum())[:cells]
        return " ".join(
            _line(c, x0 + step * (i + 0.5) - em * size / 2, y0 + 0.28 * height, size, face) for i, c in enumerate(marks)
        )
    lines = [words[at : at + room] for at in range(0, len(words), room)][:lines_max]
    first = y1 - 1.1 * size if lines_max > 1 else y0 + max(1.5, (height - 0.7 * size) / 2)
    return " ".join(_line(line.strip(), x0 + 2, first - 1.2 * size * i, size, face) for i, line in enumerate(lines))


def _line(words: str, x: float, y: float, size: float, face: str) -> str:
    escaped = re.sub(r"([\\()])", r"\\\1", words)
    return f"BT {face} {size:.1f} Tf {x:.2f} {y:.2f} Td ({escaped}) Tj ET"


def answer(label: str, characters_max: int, chance: random.Random) -> str:
    """Something one could have written there, no longer than the room for it. Never empty."""
    kind = next((kind for pattern, kind in _KINDS if re.search(pattern, label, re.IGNORECASE)), "words")
    first, last = chance.choice(FIRST), chance.choice(LAST)
    made = {
        "email": f"{first}.{last}@example.com".lower(),
        "phone": f"555 01{chance.randrange(100):02}",
        "date": f"{chance.randrange(1, 13):02}/{chance.randrange(1, 29):02}/2027",
        "time": f"{chance.randrange(1, 12)}:{chance.choice(('00', '15', '30'))} PM",
        "zip": f"{chance.randrange(10000, 99999)}",
        "state": chance.choice(("CA", "NY", "TX", "OR")),
        "money": f"{chance.randrange(10, 9000):,}.00",
        "number": str(chance.randrange(1, 400)),
        "address": f"{chance.randrange(1, 200)} Example Row",
        "place": chance.choice(PLACES),
        "name": f"{first} {last}",
        "words": " ".join(chance.choices(WORDS, k=chance.randrange(1, 18))),
    }[kind]
    return made[:characters_max].strip() or "x"
