"""What the wedding is and what is bought: venue, address, guests, times, package, wishes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from procession.digitize.values import dates
from procession.digitize.values.contacts import find_emails
from procession.digitize.values.found import Found, Reading
from procession.digitize.values.labelled import Pair
from procession.digitize.values.money import find_money
from procession.digitize.values.passages import Layout, Passage
from procession.digitize.vocabulary import fold
from procession.domain.form import Subtype

TEXT_CHARS_MAX = 300
GUESTS_MAX = 20_000

_PLAIN = {
    Subtype.CEREMONY_VENUE,
    Subtype.RECEPTION_VENUE,
    Subtype.VENUE_ADDRESS,
    Subtype.PACKAGE_NAME,
    Subtype.SPECIAL_REQUESTS,
    Subtype.SERVICES_NEEDED,
    Subtype.TIMELINE_PREFERENCES,
    Subtype.BUDGET_RANGE,
}
_ITEM = re.compile(r"\b(?:package|collection|coverage|paket|forfait|formule|paquete|pakket|pacchetto)\b", re.IGNORECASE)
_OF_THE_DAY = frozenset(
    {Subtype.CEREMONY_VENUE, Subtype.RECEPTION_VENUE, Subtype.WEDDING_TIME, Subtype.GUEST_COUNT, Subtype.VENUE_ADDRESS}
)
_BARE_DATE = re.compile(
    r"^ (?:date|day|when|datum|tag|wann|jour|quand|fecha|dia|cuando|dag|wanneer|data|giorno|quando) $"
)
NEIGHBOUR_HEIGHTS = 3.2
"""Labels of one block stand within so many letter heights."""
_TICK = re.compile(r"^(?:\[\s?[xX✓✔✗✘]\s?\]|\(\s?[xX✓✔]\s?\)|[☑☒✓✔●◉■⬛])(?:\s+|$)")
_PACKAGES = re.compile(
    r" (?:packages?|collections?|pakete?|forfaits?|formules?|paquetes?|packs?|"
    r"pakket(?:ten)?|pacchett[oi]|menu|options?) "
)
LIST_ROWS_MAX = 10
"""Lines over a ticked one in which the list's heading stands."""
_ITEM_HEADER = re.compile(
    r" (?:descriptions?|items?|services?|details|particulars|products?|beschreibung|leistung\w*|bezeichnung|"
    r"position|designation|prestations?|concepto|descripcion|articulo|omschrijving|dienst\w*|descrizione|servizi\w*|"
    r"voce) "
)


def labelled(reading: Reading, pairs: Sequence[Pair]) -> Iterator[Found]:
    for pair in pairs:
        subtype = pair.meaning.subtype
        if subtype is Subtype.SERVICES_NEEDED and reading.kind == "invoice":
            continue  # the heading of the items' column
        if subtype in _PLAIN:
            yield from _plain(reading, pair, subtype)
        elif subtype is Subtype.GUEST_COUNT:
            yield from _count(pair)
        elif subtype is Subtype.WEDDING_TIME:
            time = dates.find_time(pair.text)
            if time:
                yield _found(pair, Subtype.WEDDING_TIME, time[2], time[0], time[1])


def items(reading: Reading) -> Iterator[Found]:
    """The package among an invoice's lines: a line that says so, else the first one under the heading."""
    for layout in reading.layouts if reading.kind == "invoice" else ():
        header = next(
            (
                row.chunks[0]
                for row in layout.rows
                if len(row.chunks) >= 2 and _ITEM_HEADER.search(fold(row.chunks[0].text))
            ),
            None,
        )
        if header is None:
            continue
        first = True
        for row in layout.rows:
            name = row.chunks[0]
            if name.box.y0 <= header.box.y0 or abs(name.box.x0 - header.box.x0) > 12 or len(row.chunks) < 2:
                continue
            if not find_money(row.chunks[-1].text, bare=True):
                continue
            if _ITEM.search(name.text):
                yield _at(name, Subtype.PACKAGE_NAME, name.text, 0, len(name.text), 0.85)
            elif first and re.search(r"[^\W\d_]{3}", name.text):
                yield _at(name, Subtype.PACKAGE_NAME, name.text, 0, len(name.text), 0.55)
            first = False


def day_by_neighbours(reading: Reading, pairs: Sequence[Pair], found: Sequence[Found]) -> Iterator[Found]:
    """A bare "Date" that stands among the wedding's time, place and guests is the wedding's, where no other is."""
    if any(one.subtype is Subtype.WEDDING_DATE for one in found):
        return
    for pair in pairs:
        day = dates.find_dates(pair.text)
        if not day or not _BARE_DATE.match(fold(pair.label)) or not _among_the_day(pair, pairs):
            continue
        when, reason, sure = dates.resolve(day[0], reading.hints.proven, reading.hints.likely)
        box = pair.value.box_of(pair.start + day[0].start, pair.start + day[0].end)
        place = (day[0].text, pair.value.page, box, 0.86 * sure, pair.label)
        yield Found(Subtype.WEDDING_DATE, when.isoformat(), *place, reason=reason)


def _among_the_day(pair: Pair, pairs: Sequence[Pair]) -> bool:
    near = [
        other
        for other in pairs
        if other is not pair
        and other.value.page == pair.value.page
        and abs(other.value.box.y0 - pair.value.box.y0) < NEIGHBOUR_HEIGHTS * pair.value.height
    ]
    return any(other.meaning.subtype in _OF_THE_DAY for other in near)


def ticked(reading: Reading) -> Iterator[Found]:
    """The package with a printed cross or tick before it, in a list that a question about packages heads."""
    for layout in reading.layouts:
        for number, row in enumerate(layout.rows):
            for at, chunk in enumerate(row.chunks):
                mark = _TICK.match(chunk.text)
                if mark is None:
                    continue
                after = row.chunks[at + 1] if mark.end() == len(chunk.text) and at + 1 < len(row.chunks) else chunk
                start = mark.end() if after is chunk else 0
                name = after.text[start:].strip()
                if len(name) < 3 or not (_ITEM.search(name) or _heads_packages(layout, number, chunk)):
                    continue
                start = after.text.index(name)
                yield _at(after, Subtype.PACKAGE_NAME, name, start, start + len(name), 0.86)


def _heads_packages(layout: Layout, number: int, chunk: Passage) -> bool:
    for row in reversed(layout.rows[max(0, number - LIST_ROWS_MAX) : number]):
        for above in row.chunks:
            if above.box.x0 <= chunk.box.x0 + 4 and len(above.text) < 60 and _PACKAGES.search(fold(above.text)):
                return True
    return False


def _plain(reading: Reading, pair: Pair, subtype: Subtype) -> Iterator[Found]:
    text = pair.text.strip()
    if len(text) > TEXT_CHARS_MAX or text.endswith("?") or find_emails(text):
        return
    whole_date = dates.find_dates(text)
    if whole_date and len(whole_date[0].text) > 0.7 * len(text):
        return
    if subtype is Subtype.PACKAGE_NAME and not re.search(r"[^\W\d_]{2}", text):
        return
    money = find_money(text)
    if subtype is Subtype.BUDGET_RANGE:
        if money or re.search(r"\d", text):
            yield _found(pair, subtype, text, 0, len(text))
        return
    if money and len(money[0].text) > 0.6 * len(text):
        return
    yield _wrapped(reading, pair, subtype, text)


def _wrapped(reading: Reading, pair: Pair, subtype: Subtype, text: str) -> Found:
    """A cell's text may go on in the line below: same left edge, no label in front, no other line between."""
    layout = next(one for one in reading.layouts if one.page.number == pair.value.page)
    following = _next_line(layout, pair)
    if following is None:
        return _found(pair, subtype, text, 0, len(text))
    joined = Passage(pair.value.page, (*pair.value.words, *following.words))
    value = f"{text} {following.text}"
    box = joined.box_of(pair.start, len(joined.text))
    return Found(subtype, value, value, pair.value.page, box, pair.strength * 0.95, pair.label)


def _next_line(layout: Layout, pair: Pair) -> Passage | None:
    if id(pair.value) not in layout.place or pair.start:
        return None
    row, position = layout.place[id(pair.value)]
    if position == 0 or row + 1 >= len(layout.rows):
        return None  # a value under its label: what follows may be the next answer
    following = layout.rows[row + 1].chunks
    first = following[0]
    close = first.box.y0 - pair.value.box.y1 < 0.45 * pair.value.height
    if len(following) != 1 or not close or abs(first.box.x0 - pair.value.box.x0) > 3:
        return None
    ruled = any(
        s.horizontal
        and pair.value.box.y1 - 2 <= s.box.centre[1] <= first.box.y0 + 2
        and s.box.x0 < first.box.x1
        and s.box.x1 > first.box.x0
        for s in layout.page.segments
    )
    return None if ruled or first.text.endswith((":", "?")) else first


def _count(pair: Pair) -> Iterator[Found]:
    match = re.match(
        r"^\D{0,20}?(?P<low>\d{1,3}[.,]\d{3}|\d{1,5})(?:\s?(?:[-–]|to)\s?(?P<high>\d{1,5}))?(?!\d)", pair.text
    )
    if not match or dates.find_dates(pair.text) or find_money(pair.text):
        return
    low = int(re.sub(r"\D", "", match["low"]))
    if low > GUESTS_MAX or len(pair.text) > 60:
        return
    high = match["high"]
    end = match.end("high") if high else match.end("low")
    found = _found(pair, Subtype.GUEST_COUNT, int(high) if high else low, match.start("low"), end)
    if high:
        found = Found(
            *(found.subtype, found.value, found.text, found.page, found.box, 0.6, found.label),
            reason=f"a range: {low} to {high}",
        )
    yield found


def _found(pair: Pair, subtype: Subtype, value: str | int, start: int, end: int) -> Found:
    at = pair.start + start
    text = pair.value.text[at : pair.start + end]
    box = pair.value.box_of(at, pair.start + end)
    return Found(subtype, value, text, pair.value.page, box, pair.strength, pair.label)


def _at(
    passage: Passage,
    subtype: Subtype,
    value: str | int,
    start: int,
    end: int,
    strength: float,
    reason: str | None = None,
) -> Found:
    return Found(
        subtype, value, passage.text[start:end], passage.page, passage.box_of(start, end), strength, reason=reason
    )
