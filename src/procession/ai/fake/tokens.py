"""How many tokens text and pictures are.

Text: the splitter below stands for a provider's vocabulary. It is deterministic and needs no data. A word is one token
up to nine characters and one more for each further six, the space before it included; numbers are one per three digits,
marks one per three that follow one another. English prose comes to 4 to 5 characters a token; it is no copy of any
provider's own.

Pictures: the two published formulas. Tiles: fit into 2048 x 2048, shortest side down to 768, then a base and a price
for every 512-pixel tile; ``detail: low`` is the base alone. Patches: 32-pixel patches, scaled down to fit a cap, times
a factor of the model.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, isqrt

_PIECE = re.compile(r" ?[^\W\d_]+|\d{1,3}| ?[^\w\s]{1,3}|_+|\s+")
_WORD_CHARACTERS = 9
_FURTHER_CHARACTERS = 6

TILE_PIXELS = 512
TILE_SIDE_MAX = 2048
TILE_SHORT_SIDE = 768
PATCH_PIXELS = 32

PER_MESSAGE_TOKENS = 3
"""What a provider adds around each message."""
PER_REQUEST_TOKENS = 3
"""What it adds to begin the answer."""


def split(text: str) -> list[str]:
    """The text's tokens in order; joined, they are the text."""
    found: list[str] = []
    for match in _PIECE.finditer(text):
        piece = match.group()
        if len(piece) <= _WORD_CHARACTERS or not piece[-1].isalpha():
            found.append(piece)
            continue
        found.append(piece[:_WORD_CHARACTERS])
        found.extend(
            piece[start : start + _FURTHER_CHARACTERS]
            for start in range(_WORD_CHARACTERS, len(piece), _FURTHER_CHARACTERS)
        )
    return found


def count(text: str) -> int:
    return len(split(text))


@dataclass(frozen=True, slots=True)
class Tiles:
    base: int
    tile: int

    def tokens(self, width: int, height: int, detail: str) -> int:
        """Of a picture of this many pixels; ``detail`` is low, high or auto (which is high)."""
        if detail == "low":
            return self.base
        scale = min(Fraction(1), Fraction(TILE_SIDE_MAX, max(width, height)))
        scale = min(scale, Fraction(TILE_SHORT_SIDE, min(width, height)))
        across, down = (ceil(ceil(side * scale) / Fraction(TILE_PIXELS)) for side in (width, height))
        return self.base + self.tile * across * down


@dataclass(frozen=True, slots=True)
class Patches:
    cap: int
    factor: Fraction

    def tokens(self, width: int, height: int, detail: str) -> int:
        """Of a picture of this many pixels; ``detail`` changes nothing."""
        del detail
        patches = _patches(width) * _patches(height)
        if patches > self.cap:
            patches = self._shrunk(width, height)
        return ceil(patches * self.factor)

    def _shrunk(self, width: int, height: int) -> int:
        """The published way: scaled so that the cap holds, then so that one side is whole patches."""
        fine = 10**6
        root = isqrt(self.cap * PATCH_PIXELS**2 * fine**2 // (width * height))
        sides = [Fraction(side * root, fine * PATCH_PIXELS) for side in (width, height)]
        whole = min(max(1, floor(side)) / side for side in sides)
        across, down = (max(1, ceil(side * whole)) for side in sides)
        return min(self.cap, across * down)


ImageFormula = Tiles | Patches


def _patches(pixels: int) -> int:
    return -(-pixels // PATCH_PIXELS)
