"""The words of a page by where their middles lie, in the page's own order."""

from __future__ import annotations

from collections.abc import Iterable

from procession.digitize.page import Rect, Word

BAND_POINTS = 24.0


class WordsAt:
    """Looks words up by place: of the hundreds on a page only those on the same height are asked."""

    def __init__(self, words: Iterable[Word]) -> None:
        self._bands: dict[int, list[tuple[int, float, float, Word]]] = {}
        for number, word in enumerate(words):
            x, y = word.box.centre
            self._bands.setdefault(int(y // BAND_POINTS), []).append((number, x, y, word))

    def within(self, box: Rect) -> list[Word]:
        """Words whose middle lies in ``box``, in the order they were given."""
        x0, y0, x1, y1 = box
        found = [
            (number, word)
            for band in range(int(y0 // BAND_POINTS), int(y1 // BAND_POINTS) + 1)
            for number, x, y, word in self._bands.get(band, ())
            if x0 <= x <= x1 and y0 <= y <= y1
        ]
        return [word for _, word in sorted(found)]
