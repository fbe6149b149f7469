"""Scanned pages: straighten the picture, read its words with Tesseract, and map their boxes to page points.

Words, lines and shapes of a scanned page live in its *upright* frame: the page turned so that its text reads left to
right. ``Upright.displayed`` maps a box back to the page as displayed.
"""

from __future__ import annotations

import atexit
import math
import os
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, Self

os.environ.setdefault("OMP_THREAD_LIMIT", "1")  # before tesserocr loads OpenMP: one thread per child

import cv2
import numpy as np
import tesserocr

from procession.digitize import tessdata as language_data
from procession.digitize.page import Rect, Word
from procession.digitize.render import Picture
from procession.digitize.skew import lies_sideways, skew_degrees

cv2.setNumThreads(1)  # a child has one core's worth of work

Turn = Literal[0, 90, 180, 270]
TURNS: tuple[Turn, ...] = (0, 90, 180, 270)
SIDEWAYS: tuple[Turn, ...] = (90, 270)

WORD_CONFIDENCE_MIN = 0.15
"""Below this Tesseract reads speckles and rules, not words."""
PROBE_PIXELS = 1_600_000
"""Size of the downscaled picture on which the four turns are tried."""
GOOD_CONFIDENCE = 0.60
"""Mean word confidence at which a page is taken to be upright without trying the other turns."""


@dataclass(frozen=True, slots=True)
class Upright:
    """A page picture turned and deskewed. ``turn`` is how far the displayed page's content leans, clockwise degrees."""

    picture: Picture
    dpi: float
    turn: Turn = 0
    skew_degrees: float = 0.0

    @property
    def width(self) -> float:
        """Points of the upright page."""
        return float(self.picture.shape[1] * 72 / self.dpi)

    @property
    def height(self) -> float:
        return float(self.picture.shape[0] * 72 / self.dpi)

    def displayed(self, box: Rect) -> Rect:
        """``box`` of the upright page on the page as displayed, where it leans; both in points.

        The smallest box around it would be twice as tall as a line across a page that leans by two degrees, one of its
        own size would miss its ends: the mean of both (geometric) meets either by two thirds.
        """
        angle = math.radians(-self.skew_degrees)
        cx, cy = self.width / 2, self.height / 2
        corners = []
        for x, y in ((box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1)):
            dx, dy = x - cx, y - cy
            corners.append(
                self._turned_back(
                    cx + dx * math.cos(angle) + dy * math.sin(angle), cy - dx * math.sin(angle) + dy * math.cos(angle)
                )
            )
        xs, ys = [x for x, _ in corners], [y for _, y in corners]
        around = Rect(min(xs), min(ys), max(xs), max(ys))
        own = (box.width, box.height) if self.turn % 180 == 0 else (box.height, box.width)
        width, height = math.sqrt(around.width * own[0]), math.sqrt(around.height * own[1])
        x, y = around.centre
        return Rect(x - width / 2, y - height / 2, x + width / 2, y + height / 2)

    def _turned_back(self, x: float, y: float) -> tuple[float, float]:
        if self.turn == 90:
            return self.height - y, x
        if self.turn == 180:
            return self.width - x, self.height - y
        if self.turn == 270:
            return y, self.width - x
        return x, y


@dataclass(frozen=True, slots=True)
class Reading:
    upright: Upright
    words: list[Word]
    confidence: float
    """Mean of the words', weighted by length; 0 for an empty page."""


_PRELOADED: dict[tuple[tuple[str, ...], str], Recogniser] = {}


def preload(languages: Sequence[str] = ("eng",)) -> None:
    """Load a recogniser for the next ``Recogniser.ready``; a process that forks spares every child 50 ms and more."""
    recogniser = Recogniser(languages)
    atexit.register(recogniser.close)  # Tesseract complains on stderr about data still in use when a process ends
    _PRELOADED[tuple(languages), str(language_data.find(languages, None))] = recogniser


class Recogniser:
    """Tesseract with its languages loaded; holds about 100 MiB, so one per child. Use as a context manager.

    Raises tessdata.MissingLanguage when a language's data is not on this machine.
    """

    def __init__(self, languages: Sequence[str] = ("eng",), tessdata: str | None = None) -> None:
        folder = language_data.find(languages, tessdata)
        tesserocr.set_leptonica_log_level(tesserocr.LeptLogLevel.NONE)  # it prints to stderr what is no error of ours
        self._api: Any = tesserocr.PyTessBaseAPI(
            path=str(folder) + os.sep, lang="+".join(languages), psm=tesserocr.PSM.AUTO
        )
        # tesserocr sends messages ("Empty page!!") to /dev/null; where no file may be written, that crashes
        self._api.SetVariable("debug_file", "")

    @classmethod
    def ready(cls, languages: Sequence[str] = ("eng",), tessdata: str | None = None) -> Self:
        """One that ``preload`` made when it fits, else a new one. Raises as the constructor does."""
        kept = _PRELOADED.pop((tuple(languages), str(language_data.find(languages, tessdata))), None)
        return kept if isinstance(kept, cls) else cls(languages, tessdata)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._api.End()

    def recognise(self, picture: Picture, dpi: float) -> Reading:
        """Words of a page picture in Tesseract's reading order; boxes in points of the upright page."""
        turn = self._turn(picture, dpi, SIDEWAYS) if lies_sideways(picture) else 0
        upright = _deskewed(_rotate_quarter(picture, turn), dpi, turn)
        words = self.words(upright.picture, dpi)
        if not _reads_upright(words):
            doubted, turn = turn, self._turn(picture, dpi, TURNS)
            if turn != doubted:
                upright = _deskewed(_rotate_quarter(picture, turn), dpi, turn)
                words = self.words(upright.picture, dpi)
        return Reading(upright, words, mean_confidence(words))

    def words(self, picture: Picture, dpi: float) -> list[Word]:
        """Words of an upright picture; boxes in points, size estimated from the line's height."""
        self._load(picture, dpi)
        if not self._api.Recognize():
            return []
        found: list[Word] = []
        scale = 72 / dpi
        level = tesserocr.RIL.WORD
        iterator = self._api.GetIterator()
        if iterator is None:
            return []
        for item in tesserocr.iterate_level(iterator, level):
            if item.Empty(level):
                continue
            text = _clean(item.GetUTF8Text(level))
            box = item.BoundingBox(level)
            confidence = min(max(item.Confidence(level) / 100, 0.0), 1.0)
            if not text or box is None or confidence < WORD_CONFIDENCE_MIN:
                continue
            rect = Rect(box[0] * scale, box[1] * scale, box[2] * scale, box[3] * scale)
            if not _plausible(text, rect, confidence):
                continue
            text = "I" if text == "|" else text
            found.append(
                Word(text, rect, size=round(rect.height, 1), confidence=round(confidence, 3), rtl=_is_rtl(text))
            )
        self._api.Clear()
        return found

    def _load(self, picture: Picture, dpi: float) -> None:
        height, width = picture.shape
        self._api.SetImageBytes(np.ascontiguousarray(picture).tobytes(), width, height, 1, width)
        self._api.SetSourceResolution(round(dpi))

    def _turn(self, picture: Picture, dpi: float, turns: Sequence[Turn]) -> Turn:
        """Reads a strip of the page, made smaller, in all ``turns``: a third of a second, for doubtful pages only."""
        factor = min(1.0, (PROBE_PIXELS / picture.size) ** 0.5)
        small = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA) if factor < 1 else picture
        strip = _busiest_strip(np.asarray(small, dtype=np.uint8))
        best: tuple[float, Turn] = (0.0, turns[0])
        # one block: the automatic layout would turn sideways text by itself and make every turn look right
        self._api.SetPageSegMode(tesserocr.PSM.SINGLE_BLOCK)
        try:
            for turn in turns:
                score = _legibility(self.words(_rotate_quarter(strip, turn), dpi * factor))
                if score > best[0]:
                    best = score, turn
        finally:
            self._api.SetPageSegMode(tesserocr.PSM.AUTO)
        return best[1]


def mean_confidence(words: Sequence[Word]) -> float:
    total = sum(len(word.text) for word in words)
    return sum(word.confidence * len(word.text) for word in words) / total if total else 0.0


def upright(picture: Picture, dpi: float, turn: Turn) -> Upright:
    """A displayed page's picture whose content leans ``turn`` degrees, turned and deskewed without reading it."""
    return _deskewed(_rotate_quarter(picture, turn), dpi, turn)


def _deskewed(picture: Picture, dpi: float, turn: Turn) -> Upright:
    skew = skew_degrees(picture)
    return Upright(_rotate_small(picture, skew) if skew else picture, dpi, turn, skew)


def _reads_upright(words: Sequence[Word]) -> bool:
    """Confident words that are wider than tall. (Tesseract reads sideways text too, in boxes taller than wide.)"""
    long = [word for word in words if len(word.text) >= 4]
    tall = sum(word.box.height > 1.2 * word.box.width for word in long)
    return len(long) >= 3 and mean_confidence(words) >= GOOD_CONFIDENCE and tall < 0.4 * len(long)


def _rotate_small(picture: Picture, degrees: float) -> Picture:
    height, width = picture.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    return np.asarray(
        cv2.warpAffine(picture, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=(255,)), dtype=np.uint8
    )


def _rotate_quarter(picture: Picture, turn: Turn) -> Picture:
    """Undoes a clockwise lean of ``turn`` degrees."""
    return np.ascontiguousarray(np.rot90(picture, turn // 90)) if turn else picture


def _busiest_strip(picture: Picture, share: float = 0.34) -> Picture:
    """The square-ish part of the picture with most ink: enough words to tell a turn, a third of the cost."""
    height, width = picture.shape
    side_y, side_x = max(int(height * share), min(height, 300)), max(int(width * 0.7), min(width, 300))
    ink = (picture < 128).astype(np.uint8)
    total = cv2.boxFilter(
        ink, cv2.CV_32F, (side_x, side_y), anchor=(0, 0), normalize=False, borderType=cv2.BORDER_CONSTANT
    )
    inside = total[: height - side_y + 1, : width - side_x + 1]
    y, x = np.unravel_index(int(np.argmax(inside)), inside.shape)
    return np.ascontiguousarray(picture[int(y) : int(y) + side_y, int(x) : int(x) + side_x])


def _legibility(words: Sequence[Word]) -> float:
    """Confident letters: upside down text yields few and doubtful ones."""
    return sum((word.confidence**2) * len(word.text) for word in words if len(word.text) > 1)


def _clean(text: str | None) -> str:
    return "".join(c for c in (text or "").strip() if unicodedata.category(c)[0] != "C")


def _plausible(text: str, box: Rect, confidence: float) -> bool:
    """Rules and box edges read as dashes and bars, and dotted leaders read as "eee", are no words."""
    if text == "|":
        return confidence > 0.5 and 5 < box.height < 16  # the pronoun, when it stands as high as a letter
    if text in {"-", "–", "—"}:
        return confidence > 0.4 and 1.5 < box.width < 14  # "Grand Hotel – Ballroom"; longer ones are rules
    if len(text) > 1 and len(set(text.lower())) == 1 and text.isalpha() and confidence < 0.75:
        return False
    return not (box.width <= 0 or box.height <= 0 or (set(text) <= set("|_—–-~=.'`‘’") and len(text) < 3))


def _is_rtl(text: str) -> bool:
    return any(unicodedata.bidirectional(c) in {"R", "AL"} for c in text)
