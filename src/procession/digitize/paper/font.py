"""The typeface answers are written in: widths before anything is drawn, and the used letters embedded in the PDF.

Liberation Sans has Helvetica's widths, so what it writes fits where a form's author planned for Helvetica, and covers
Latin, Greek, Cyrillic and Hebrew. Only the letters used are embedded (ISO 32000-1, 9.7.4: a Type 0 font whose codes
are glyph numbers, with a table back to Unicode so that the text can be searched and copied).
"""

from __future__ import annotations

import io
import unicodedata
from functools import lru_cache
from importlib import resources
from typing import Any

import pikepdf
from fontTools import subset
from fontTools.ttLib import TTFont
from pikepdf import Array, Dictionary, Name

NAME = "LiberationSans"
MISSING = "\N{WHITE SQUARE}"
"""Stands where a character cannot be drawn."""
_INVISIBLE = frozenset("\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad") | {chr(c) for c in range(0x202A, 0x202F)}
_INVISIBLE |= {chr(c) for c in range(0x2066, 0x206A)} | {chr(c) for c in range(0xFE00, 0xFE10)}
"""Marks of direction, joining and variant: they tell how to draw, and are not drawn."""


class Typeface:
    """Widths of letters, in em, and which letters there are."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        font = TTFont(io.BytesIO(data), lazy=True)
        self._em = float(font["head"].unitsPerEm)
        self._glyphs: dict[int, int] = {code: font.getGlyphID(name) for code, name in font.getBestCmap().items()}
        metrics = font["hmtx"].metrics
        self._advances: list[float] = [metrics[name][0] / self._em for name in font.getGlyphOrder()]
        self.ascent: float = font["hhea"].ascent / self._em
        self.descent: float = font["hhea"].descent / self._em
        self.cap_height: float = font["OS/2"].sCapHeight / self._em
        head = font["head"]
        self.bounds = [round(1000 * side / self._em) for side in (head.xMin, head.yMin, head.xMax, head.yMax)]
        font.close()

    def glyph(self, character: str) -> int | None:
        return self._glyphs.get(ord(character))

    def advance(self, glyph: int) -> float:
        return self._advances[glyph]

    def width(self, text: str, points: float) -> float:
        """Points that ``text`` (as ``drawable`` gives it) takes at this size."""
        return points * sum(self._advances[self._glyphs.get(ord(character), 0)] for character in text)


@lru_cache(maxsize=1)
def typeface() -> Typeface:
    """Read once a process."""
    folder = resources.files("procession.digitize") / "data" / "fonts"
    return Typeface((folder / f"{NAME}-Regular.ttf").read_bytes())


def drawable(text: str) -> tuple[str, str]:
    """(``text`` in letters the typeface has, the characters it has not, each once).

    Accents are put together with their letters, blanks of any kind become plain ones, control characters and marks
    of direction go; line ends stay. What cannot be drawn becomes ``MISSING``.
    """
    face = typeface()
    out: list[str] = []
    lost: dict[str, None] = {}
    for character in unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")):
        kind = unicodedata.category(character)
        if character == "\n" or kind in ("Zl", "Zp"):
            out.append("\n")
        elif kind == "Zs" or character == "\t":
            out.append(" ")
        elif kind in ("Cc", "Cs") or character in _INVISIBLE:
            continue
        elif face.glyph(character) is not None:
            out.append(character)
        else:
            out.append(MISSING)
            lost[character] = None
    return "".join(out), "".join(lost)


class EmbeddedFont:
    """One font object of a PDF. Use ``reference`` while drawing; ``finish`` puts in what was used."""

    def __init__(self, pdf: pikepdf.Pdf) -> None:
        self._pdf = pdf
        self._used: dict[int, str] = {}
        self.reference: Any = pdf.make_indirect(Dictionary())

    @property
    def used(self) -> bool:
        return bool(self._used)

    def encoded(self, text: str) -> bytes:
        """``text`` as the operand of Tj."""
        face = typeface()
        codes = bytearray()
        for character in text:
            glyph = face.glyph(character) or 0
            self._used.setdefault(glyph, character)
            codes += glyph.to_bytes(2, "big")
        return b"<" + bytes(codes).hex().encode() + b">"

    def finish(self) -> None:
        """Once, after the last letter was drawn."""
        face = typeface()
        name = Name(f"/{_tag(self._used)}+{NAME}")
        descriptor = Dictionary(
            Type=Name.FontDescriptor,
            FontName=name,
            Flags=32,
            FontBBox=Array(face.bounds),
            ItalicAngle=0,
            Ascent=round(face.ascent * 1000),
            Descent=round(face.descent * 1000),
            CapHeight=round(face.cap_height * 1000),
            StemV=80,
            FontFile2=self._pdf.make_stream(_subset(face.data, self._used)),
        )
        widths = Array()
        for glyph in sorted(self._used):
            widths.append(glyph)
            widths.append(Array([round(face.advance(glyph) * 1000)]))
        descendant = Dictionary(
            Type=Name.Font,
            Subtype=Name.CIDFontType2,
            BaseFont=name,
            CIDSystemInfo=Dictionary(Registry=b"Adobe", Ordering=b"Identity", Supplement=0),
            FontDescriptor=self._pdf.make_indirect(descriptor),
            DW=500,
            W=widths,
            CIDToGIDMap=Name.Identity,
        )
        whole = {
            "/Type": Name.Font,
            "/Subtype": Name.Type0,
            "/BaseFont": name,
            "/Encoding": Name("/Identity-H"),
            "/DescendantFonts": Array([self._pdf.make_indirect(descendant)]),
            "/ToUnicode": self._pdf.make_stream(_to_unicode(self._used)),
        }
        for key, value in whole.items():
            self.reference[key] = value


def _tag(used: dict[int, str]) -> str:
    """Six capitals that differ where the letters differ, as subsets are named."""
    number = hash(tuple(sorted(used))) % 26**6
    return "".join(chr(65 + number // 26**place % 26) for place in range(6))


def _subset(data: bytes, used: dict[int, str]) -> bytes:
    options = subset.Options()
    options.retain_gids = True
    options.notdef_outline = True
    options.hinting = False
    options.layout_features = []
    options.name_IDs = [0, 1, 2, 13, 14]  # whose it is, and under which licence
    options.drop_tables += ["GSUB", "GPOS", "GDEF", "FFTM", "DSIG"]
    font = subset.load_font(io.BytesIO(data), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(gids=sorted(used))
    subsetter.subset(font)
    out = io.BytesIO()
    font.save(out)
    return out.getvalue()


def _to_unicode(used: dict[int, str]) -> bytes:
    lines = [f"<{glyph:04x}> <{character.encode('utf-16-be').hex()}>" for glyph, character in sorted(used.items())]
    blocks = [lines[start : start + 100] for start in range(0, len(lines), 100)]
    mapped = "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        "1 begincodespacerange\n<0000> <ffff>\nendcodespacerange\n"
        f"{mapped}\nendcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode()
