"""Who the document is about: the couple, the supplier, and whose e-mail address and phone number is whose."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from procession.digitize.classify import meaning_of
from procession.digitize.kind import is_document_word
from procession.digitize.values.contacts import FREE_MAIL, FoundPhone
from procession.digitize.values.found import Found, Reading
from procession.digitize.values.labelled import Pair
from procession.digitize.values.parties import (
    COMPANY_WORDS,
    Span,
    client_alone,
    client_pair,
    common_name,
    company_like,
    couple_in,
    defined_vendor,
    is_company,
    person_in,
)
from procession.digitize.values.passages import Layout, Passage, aligned
from procession.digitize.vocabulary import fold
from procession.domain.form import Category, Subtype

HEADER_SHARE = 0.3
"""Part of the first page in which a supplier prints its own name."""
NEAR_POINTS = 40.0
HEAD_POINTS = 110.0
FOOT_SHARE = 0.92
"""From here down stand foot lines."""
TOP_SHARE = 0.15
FIRM_CHARS_MIN = 6
LETTERHEAD_GAP_HEIGHTS = 0.8
"""Lines of one letterhead follow within so many letter heights."""
_OTHER_TITLE = re.compile(
    r" (?:letter|summary|overview|details|quotation|offer|order|confirmation|confirmed|statement|account|payments?|"
    r"plan|letterhead|terms|engagement|particulars|annex|appendix|schedule|options?|your|our|dear|re|angebot|"
    r"auftragsbestatigung|bestatigung|offerte|devis|reservation|presupuesto|confirmacion|reserva|preventivo|conferma|"
    r"prenotazione|bevestiging|boekingsbevestiging|ubersicht|bedingungen|conditions|condiciones|voorwaarden|"
    r"condizioni|rechnung|lieferschein|draft|page|department|form) "
)
"""Headings that name what a paper is, or parts of it, and nobody's firm."""
_CONTACT = re.compile(r"\S@\S+\.\w|\bwww\.|\+?\(?\d[\d ().-]{7,}\d")

_WEDDING_OF_TWO = re.compile(
    r"^(?:the\s+)?(?P<pair>[^,.;:]{5,60}?)(?:[’']s|s[’'])?\s+(?:[–—-]\s+)?(?:wedding|hochzeit|mariage|boda|bruiloft)\b",
    re.IGNORECASE,
)
"""A heading: "Olivia & Liam’s Wedding"."""
_BEFORE_ADDRESS = re.compile(
    r"^(?i:(?:from|to|von|an|de|à|para|van|aan|da|a):?\s+)?(?P<name>[^\W\d_a-zà-ÿ][^<@:|·]{2,50}?)\s*[<(]\s*$"
)
_BEHIND_ADDRESS = re.compile(
    r"[>)]\s+(?i:(?:to|an|à|para|aan|a):?\s+)?(?P<name>[^\W\d_a-zà-ÿ][^<>@:|·]{2,50}?)\s*[<(]\s*$"
)
"""A sender: "Willow & Stone <hello@willow.example>"."""
_WE = re.compile(r"\b(?:We|I/We|I / We|Wir|Nous),?\s+(?P<name>[^,.;:]{4,70}),\s+(?=[^\W\d_])")
"""Who speaks: "We, Anna Bell and Tom Reyes, agree", "We, Willow & Stone, will provide"."""
_ABOUT_COUPLE = re.compile(
    r"(?:wedding of|received (?:from|of)|proposal for|prepared for|agreement for|contract for|quote for|invoice for|"
    r"marriage of|dear|^to|"
    r"congratulations|hochzeit von|mariage de|boda de|matrimonio di|bruiloft van|reachable|couple|client)\s*:?\s*$",
    re.IGNORECASE,
)


def couple(reading: Reading, pairs: Sequence[Pair]) -> Iterator[Found]:
    for pair in pairs:
        yield from _labelled_couple(pair)
    offices = vendor_emails(reading)
    for layout, passage in reading.passages():
        text = passage.text
        named = client_pair(text)
        if named:
            yield from _both(passage, named, 0.93, None)
            continue
        if alone := client_alone(text):
            yield _name(passage, Subtype.PARTNER_1_NAME, alone, 0.8, None)
            continue
        for index, (other, mail) in enumerate(reading.emails):
            addressed = (
                _BEFORE_ADDRESS.search(text[: mail.start]) if other is passage and index not in offices else None
            )
            person = person_in(addressed["name"]) if addressed else None
            if addressed and person and len(person.text.split()) >= 2:
                start = addressed.start("name") + person.start
                yield _name(
                    passage, Subtype.PARTNER_1_NAME, Span(start, start + len(person.text), person.text), 0.8, None
                )
        speaks = _WE.search(text)
        if speaks and not is_company(speaks["name"]) and (spoken := couple_in(speaks["name"])):
            at = speaks.start("name")
            one, two = (Span(span.start + at, span.end + at, span.text) for span in spoken)
            yield from _both(passage, (one, two), 0.88, None)
            continue
        theirs = _WEDDING_OF_TWO.match(text)
        if theirs and not is_company(theirs["pair"]) and (title := couple_in(theirs["pair"], single_words=True)):
            yield from _both(passage, title, 0.85, None)
            continue
        loose = couple_in(text)
        if loose and not is_company(loose[0].text + " " + loose[1].text):
            before = text[: loose[0].start]
            if _ABOUT_COUPLE.search(before):
                yield from _both(passage, loose, 0.92, None)
            elif reading.running and _full(loose) and _own_address(reading, loose, offices):
                yield from _both(passage, loose, 0.82, None)
            elif reading.running and len(before) < 3 and len(text) - loose[1].end < 3 and _full(loose):
                above = layout.above(passage) if id(passage) in layout.place else None
                yield from _both(passage, loose, 0.6, above.text if above and len(above.text) < 30 else None)


def vendor(reading: Reading, pairs: Sequence[Pair]) -> Iterator[Found]:
    for pair in pairs:
        if pair.meaning.subtype is Subtype.VENDOR_NAME and len(pair.text) <= 60 and "@" not in pair.text:
            text = re.split(r"\s[·|•]\s|,\s", pair.text)[0]
            yield _vendor(pair.value, Span(pair.start, pair.start + len(text), text), 0.92, pair.label)
    # a form's letterhead is nothing anybody fills in
    told = reading.running or reading.told
    domains = [mail.company for _, mail in reading.emails if told and mail.company not in FREE_MAIL]
    offices = vendor_emails(reading)
    for layout, passage in reading.passages():
        defined = defined_vendor(passage.text)
        if defined:
            yield _vendor(passage, defined, 0.94, None)
        for domain in dict.fromkeys(domains):
            span = company_like(passage.text, domain)
            if span and "@" not in span.text and not _is_persons(passage.text, span):
                early = 0.03 if layout.page.number == 1 else 0.0
                yield _vendor(passage, span, 0.9 + early, None)
        speaks = _WE.search(passage.text) if reading.running else None
        if speaks and _may_be_firm(speaks["name"]):
            yield _vendor(passage, Span(speaks.start("name"), speaks.end("name"), speaks["name"]), 0.82, None)
        for index, (other, mail) in enumerate(reading.emails):
            if other is passage and index in offices:
                named = _BEFORE_ADDRESS.search(passage.text[: mail.start])
                if named and person_in(named["name"]) is None:
                    yield _vendor(passage, Span(named.start("name"), named.end("name"), named["name"]), 0.9, None)
        by = re.search(r"\b(?:[Pp]repared|[Pp]resented|[Ii]ssued|[Pp]rovided) by:?\s+(\S.*)$", passage.text)
        text = re.split(r"\s[·|•–—]\s|,\s|\s\S+@|\.\s", by[1])[0] if by else ""
        if (
            by
            and text[:1].isupper()
            and len(text.split()) <= 7
            and (is_company(text) or person_in(text.strip(".")) is None)
        ):
            yield _vendor(passage, Span(by.start(1), by.start(1) + len(text), text), 0.9, None)
    if reading.running:
        yield from _letterhead(reading)


def vendor_emails(reading: Reading, names: Sequence[str] = ()) -> set[int]:
    """Indices in ``reading.emails`` of the supplier's own: an office's, one like a firm's name, a foot line's."""
    found = set()
    for index, (passage, mail) in enumerate(reading.emails):
        free = mail.company in FREE_MAIL
        name = re.sub(r"\d", "", mail.local) if free else mail.company
        office = not free and mail.is_office
        firm = len(name) >= FIRM_CHARS_MIN and _names_a_firm(reading, name, names)
        if office or firm or (not common_name(names, mail.local) and _in_margin(reading, passage)):
            found.add(index)
    return found


def _names_a_firm(reading: Reading, name: str, names: Sequence[str]) -> bool:
    if common_name(names, name):
        return False
    return any(
        (span := company_like(passage.text, name)) is not None
        and "@" not in span.text
        and not _is_persons(passage.text, span)
        and couple_in(span.text) is None
        and (is_company(span.text) or person_in(span.text) is None or _is_letterhead(layout, passage))
        for layout, passage in reading.passages()
    )


def _is_letterhead(layout: Layout, passage: Passage) -> bool:
    """Whether a text is set larger than the others at the top of the first page."""
    top = passage.page == 1 and passage.box.y0 < TOP_SHARE * layout.page.height
    return top and (passage.size > 1.1 * layout_size(layout) or passage.bold)


def _in_margin(reading: Reading, passage: Passage) -> bool:
    """Whether an address stands in the foot line of a page, where suppliers print their own."""
    layout = next(one for one in reading.layouts if one.page.number == passage.page)
    return passage.box.y0 > FOOT_SHARE * layout.page.height and passage.size < layout_size(layout)


def layout_size(layout: Layout) -> float:
    """The usual size of type of a page."""
    sizes = sorted(chunk.size for row in layout.rows for chunk in row.chunks)
    return sizes[len(sizes) // 2] if sizes else 0.0


def contacts(reading: Reading, pairs: Sequence[Pair], names: Sequence[str]) -> Iterator[Found]:
    """The couple's e-mail address and phone; what belongs to the supplier is left out."""
    vendors = vendor_emails(reading, names)
    labels = {(id(pair.value), pair.start): pair for pair in pairs if pair.meaning.category is Category.COUPLE}
    for index, (passage, mail) in enumerate(reading.emails):
        if index in vendors:
            continue
        pair = next(
            (p for p in labels.values() if p.value.text == passage.text and p.start <= mail.start < p.end), None
        )
        if not reading.running and not pair and not common_name(names, mail.local):
            continue
        strength = 0.96 if common_name(names, mail.local) else 0.92 if pair else 0.8
        yield Found(
            Subtype.COUPLE_EMAIL,
            mail.normal,
            mail.text,
            passage.page,
            passage.box_of(mail.start, mail.end),
            strength,
            pair.label if pair else None,
        )
    for passage, phone in reading.phones:
        strength, label = _couples_phone(reading, pairs, vendors, passage, phone)
        if strength > 0:
            yield Found(
                Subtype.COUPLE_PHONE,
                phone.e164 or phone.text,
                phone.text,
                passage.page,
                passage.box_of(phone.start, phone.end),
                strength * (0.7 if phone.doubt else 1.0),
                label,
                reason=phone.doubt,
            )


def _own_address(reading: Reading, names: tuple[Span, Span], offices: set[int]) -> bool:
    """Whether an address of the document that is no supplier's is made of one of the two names."""
    texts = [span.text for span in names]
    return any(common_name(texts, mail.local) for index, (_, mail) in enumerate(reading.emails) if index not in offices)


def _addressee(text: str, start: int) -> re.Match[str] | None:
    """Who stands before the address at ``start``: behind the address before it, where there are two."""
    return _BEFORE_ADDRESS.search(text[:start]) or _BEHIND_ADDRESS.search(text[:start])


def _labelled_couple(pair: Pair) -> Iterator[Found]:
    subtype, category = pair.meaning.subtype, pair.meaning.category
    if category is not Category.COUPLE or subtype in (Subtype.COUPLE_EMAIL, Subtype.COUPLE_PHONE):
        return
    if pair.meaning.type.value != "text":
        return
    both = couple_in(pair.text, single_words=True)
    if both and subtype is not Subtype.PARTNER_2_NAME:
        moved = tuple(Span(s.start + pair.start, s.end + pair.start, s.text) for s in both)
        yield from _both(pair.value, (moved[0], moved[1]), pair.strength, pair.label)
        return
    alone = person_in(pair.text) if len(pair.text.strip()) >= 3 and "." not in pair.text[:3] else None
    if alone and not is_company(alone.text) and len(alone.text.split()) <= 5:
        who = subtype or Subtype.PARTNER_1_NAME
        if who not in (Subtype.PARTNER_1_NAME, Subtype.PARTNER_2_NAME):
            return
        start = pair.start + alone.start
        yield _name(pair.value, who, Span(start, start + len(alone.text), alone.text), pair.strength - 0.03, pair.label)


def _both(passage: Passage, names: tuple[Span, Span], strength: float, label: str | None) -> Iterator[Found]:
    yield _name(passage, Subtype.PARTNER_1_NAME, names[0], strength, label)
    yield _name(passage, Subtype.PARTNER_2_NAME, names[1], strength, label)


def _name(passage: Passage, subtype: Subtype, span: Span, strength: float, label: str | None) -> Found:
    box = passage.box_of(span.start, span.end)
    return Found(subtype, span.text, span.text, passage.page, box, strength, label)


def _vendor(passage: Passage, span: Span, strength: float, label: str | None) -> Found:
    text = span.text.strip(" ,;:")
    box = passage.box_of(span.start, span.start + len(text))
    return Found(Subtype.VENDOR_NAME, text, text, passage.page, box, strength, label)


def _letterhead(reading: Reading) -> Iterator[Found]:
    """A name printed large, bold or alone at the top of the first page: surer when it says what trade it is."""
    if not reading.layouts:
        return
    layout = reading.layouts[0]
    usual = layout_size(layout)
    for row in layout.rows:
        for chunk in row.chunks:
            if chunk.box.y0 > layout.page.height * HEADER_SHARE:
                return
            large = chunk.size > usual * 1.15
            at = 0
            for part in re.split(r"(\s[—–|·•-]\s|:\s)", chunk.text):
                strength = _like_a_firm(part, large=large, bold=chunk.bold)
                if strength == 0.0 and part == chunk.text and _may_be_firm(part) and _over_contacts(layout, chunk):
                    strength = 0.64
                if strength:
                    yield _vendor(chunk, Span(at, at + len(part), part), strength, None)
                at += len(part)


def _over_contacts(layout: Layout, chunk: Passage) -> bool:
    """Whether an address or a number of a letterhead stands right under the line, in the same block."""
    row, _ = layout.place[id(chunk)]
    last = chunk
    for other in layout.rows[row + 1 : row + 5]:
        under = next((one for one in other.chunks if aligned(last.box, one.box)), None)
        if under is None:
            continue
        if under.box.y0 - last.box.y1 > LETTERHEAD_GAP_HEIGHTS * last.height:
            return False
        if _CONTACT.search(under.text):
            return True
        last = under
    return False


def _like_a_firm(text: str, *, large: bool, bold: bool) -> float:
    words = text.split()
    if not _may_be_firm(text):
        return 0.0
    if COMPANY_WORDS.search(text):
        return 0.74 if large or bold else 0.62
    return 0.65 if large and len(words) >= 2 else 0.0


def _may_be_firm(text: str) -> bool:
    words = text.split()
    titled = all(word[:1].isupper() or len(word) <= 3 for word in words)
    return (
        1 <= len(words) <= 7 and text[:1].isupper() and titled and not re.search(r"\d|@", text) and not _is_other(text)
    )


def _is_persons(text: str, span: Span) -> bool:
    """A couple's own domain ("devries.nl") names their family, no supplier."""
    both = couple_in(text)
    return both is not None and not is_company(span.text) and span.start < both[1].end and both[0].start < span.end


def _is_other(text: str) -> bool:
    if _WEDDING_OF_TWO.match(text) and couple_in(text, single_words=True):
        return True
    return (
        is_document_word(text) or meaning_of(text) is not None or "@" in text or (text.endswith(".") and " is " in text)
    )


def _full(names: tuple[Span, Span]) -> bool:
    return all(2 <= len(span.text.split()) <= 4 for span in names)


def _couples_phone(
    reading: Reading, pairs: Sequence[Pair], vendors: set[int], passage: Passage, phone: FoundPhone
) -> tuple[float, str | None]:
    """How surely a number is the couple's: 0 when the nearest address is the supplier's."""
    pair = next(
        (p for p in pairs if p.value is passage or (p.value.text == passage.text and p.value.page == passage.page)),
        None,
    )
    labelled = (
        pair is not None and pair.meaning.subtype is Subtype.COUPLE_PHONE and pair.start <= phone.start < pair.end
    )
    near = _nearest_email(reading, passage, phone)
    if near is not None and not labelled and (not reading.running or (phone.doubt and near[1] > NEAR_POINTS)):
        return 0.0, None
    if near is not None and not labelled and near[1] > NEAR_POINTS / 2 and passage.box.y0 < HEAD_POINTS:
        near = None  # a letterhead's number does not belong to an address further down
    if near is not None:
        index, distance = near
        if index in vendors:
            if distance < NEAR_POINTS / 4 or not labelled:
                return (0.45, pair.label) if labelled and pair else (0.0, None)
        else:
            return (0.95 if labelled else 0.88), pair.label if labelled and pair else None
    if labelled and pair:
        return 0.9, pair.label
    if not reading.running or phone.doubt:
        return 0.0, None
    in_header = reading.layouts and passage.box.y0 < reading.layouts[0].page.height * 0.15 and passage.page == 1
    before = fold(passage.text[: phone.start][-40:])
    if in_header or re.search(r" (?:office|studio|vendor|company|emergency|venue) ", before):
        return 0.0, None
    return 0.5, None


def _nearest_email(reading: Reading, passage: Passage, phone: FoundPhone) -> tuple[int, float] | None:
    """Index and distance in points of the nearest address: along the text in one passage, down the page otherwise."""
    best: tuple[int, float] | None = None
    for index, (other, mail) in enumerate(reading.emails):
        if other.page != passage.page:
            continue
        if other is passage:
            gap = phone.start - mail.end if phone.start >= mail.end else mail.start - phone.end
            distance = gap * 0.12
        else:
            distance = 6 + _apart(passage.box_of(phone.start, phone.end), other.box_of(mail.start, mail.end))
        if distance < 90 and (best is None or distance < best[1]):
            best = index, distance
    return best


def _apart(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> float:
    dx = max(0.0, a[0] - b[2], b[0] - a[2])
    dy = max(0.0, a[1] - b[3], b[1] - a[3])
    return dx * 0.5 + dy
