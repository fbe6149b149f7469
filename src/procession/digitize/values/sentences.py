"""What running text says of the day: where, when, for how many, and which package was chosen."""

# ruff: noqa: E501 - a pattern with its synonyms reads better in one line

from __future__ import annotations

import re
from collections.abc import Iterator

from procession.digitize.values import dates
from procession.digitize.values.assign import assigned, role
from procession.digitize.values.found import Found, Reading
from procession.digitize.values.money import find_money
from procession.digitize.values.parties import company_like, is_company
from procession.digitize.values.passages import Passage
from procession.digitize.values.roles import sentence_around
from procession.digitize.vocabulary import fold, word_set
from procession.domain.form import Subtype

GUESTS_RANGE = (2, 20_000)
SENTENCE_CHARS_MIN = 30
PLACE_WORDS_MAX = 14

_NUMBER = r"(?P<low>\d{1,3}[.,]\d{3}|\d{1,5})(?:\s?(?:[-–]|to|bis|à|a|tot)\s?(?P<high>\d{1,5}))?"
_PEOPLE = r"(?:guests?|people|persons?|attendees|pax|heads|covers|gäste\w*|invités|convives|invitados|comensales|gasten|ospiti|invitati|personen|personnes|personas|persone|couverts)"
_GUESTS = (
    re.compile(rf"(?<![\d.,/$€£-]){_NUMBER}\s+(?:[^\W\d_]+\s+){{0,2}}?{_PEOPLE}\b", re.IGNORECASE),
    re.compile(
        rf"\b(?:(?:number|total) of {_PEOPLE}|{_PEOPLE} (?:count|numbers?|total)|headcount|attendance|party size|nombre d’invités|anzahl der gäste|gästezahl|aantal gasten|número de invitados|numero di invitati)"
        rf"(?:[^\d.;]{{0,45}}?)(?<![\d.,/$€£-]){_NUMBER}(?![\d.,]*\d|\s*(?:%|days|weeks|hours|months|tage|jours))",
        re.IGNORECASE,
    ),
)
_NOT_GUESTS = re.compile(
    r"\b(?:per|each|every|additional|extra|further|up to|minimum|maximum|min|max|least|most|more than|fewer than|less than|over|under|exceeds?|capacity|every|mindestens|höchstens|maximal|minimal|maximum de|minimum de|mínimo|máximo|minimo|massimo|minimaal|maximaal)\b(?:\s+\w+){0,2}\W*$",
    re.IGNORECASE,
)
_TIME_ROLES = (
    role(
        Subtype.WEDDING_TIME,
        r"ceremony (?:will )?(?:starts?|begins?|commences?|starting|beginning|commencing)(?: promptly)?(?: at)?|commenc\w+(?: at)?|(?:starting|beginning) at|ceremony|wedding|we begin|begins?(?: at)?|starts?(?: at)?|marriage|married|trauung\w*|beginnt|beginn|hochzeit|"
        r"ceremonie|mariage|commence\w*|debut\w*|boda|comenzara|empieza|inicio|huwelijk|bruiloft|plechtigheid|begint|aanvang|matrimonio|cerimonia|inizio|inizia|from",
    ),
    role(
        None,
        r"arriv\w+|set ?up|setup|deliver\w*|collect\w*|ends?|finish\w*|until|till|to|depart\w*|leave|dinner|breakfast|lunch|cocktails?|reception|drinks|speeches|meal|evening|office|hours|open|between|bis|ende|ankunft|jusqu|arrivee|fin|llegada|hasta|"
        r"aankomst|tot|einde|arrivo|fine|fino|dress|hair|make ?up|photograph\w*|coverage|rehearsal|curfew|music|bar|coordinator|checkout|check in",
    ),
)
_PLACE_WORDS = re.compile(
    r"\b(?:held|tak(?:es?|ing) place|takes place|celebrat\w+|host(?:ed|ing)|ceremony|wedding|event|marri\w+|nuptials|meet you|function|reception|services? at|statt\w*|findet|boda|celebrará|trauung|hochzeit|feier|mariage|aura lieu|cérémonie|enlace|bruiloft|huwelijk|plaatsvind\w*|vindt|matrimonio|nozze|terrà|cerimonia|photograph\w* the|cater\w*|with you on|be with you|booking us)\b",
    re.IGNORECASE,
)
_AT = re.compile(
    r"(?:\b(?:at|in|im|in der (?:Location|Eventlocation)|in der|in the|auf|auf dem|bei|beim|au|à la|à|chez|en|en la|en el|presso|a|in het|op|bij)|,\s*venue)\s+(?=(?:the\s+)?[“\"]?[^\W\d_a-zà-ÿ])"
)
_NAME_PARTICLES = word_set(
    """
    of the and & at in on by de la le les du des del della delle dei di da do dos el los las am an im zu zur zum von vom der den dem und
    van het ten ter op d’ l’ d'or l'or y e et en a aux sur sous st – - — upon under
    """
)
_NO_PLACE = re.compile(
    r"^(?:(?:the\s+)?(?:client|clients|couple|supplier|vendor|company|photographer|caterer|provider|customer|agreement|contract|schedule|section|clause|appendix|annex|exhibit|event|wedding|venue|parties|party|services?|terms|fee|fees|package|total|date|addition|accordance|case|full|writing|advance|consideration|january|february|march|april|may|june|july|august|september|october|november|december|monday|tuesday|wednesday|thursday|friday|saturday|sunday|vertragsabschluss|höhe|dienstleister|auftraggeber)\b|[A-Z]{2,}\s*\d)",
    re.IGNORECASE,
)
_CHOSE = (
    r"(?:select(?:ed|s)?|chosen|chooses?|chose|book(?:ed|s)?|purchase[ds]?|opted for|ordered|hired?|reserved|recommend|suggest|would like|requested|asked (?:us )?for|package (?:is|chosen is|selected is)|choice is|collection is|package|option|services are those of|"
    r"gebucht\w*|gewählt\w*|gebucht wird|angebot|paket|choisi\w*|retenu\w*|formule|forfait|contratan|contratado|eligen|elegido|servicio|paquete|pack|gekozen(?: is)?(?: voor)?|geboekt\w*|kiezen|pakket|scelgono|scelto|scelta|pacchetto|prenotato)"
)
_QUOTED = re.compile(
    rf"\b{_CHOSE}\b[^“”\"„«»‘:.;]{{0,40}}?[“\"„«‘]\s?(?P<name>[^“”\"„«»]{{3,60}}?)\s?[”\"“»’](?!\w)", re.IGNORECASE
)
_CHOSEN = re.compile(
    rf"\b{_CHOSE}\s+(?:to book\s+|is\s+|for\s+|us\s+)?(?:the\s+|our\s+|your\s+|a\s+|das\s+|die\s+|den\s+|la\s+|le\s+|el\s+|il\s+|het\s+)?(?P<name>[A-ZÀ-Þ]\S*(?:\s+(?:[A-ZÀ-Þ&(]\S*|\d+|of|and|the|hours?\)?))*)",
)
_CHOSEN_ABROAD = re.compile(
    r"\b(?:[Ff]ormule|[Ff]orfait|[Pp]restation|[Pp]aquete|[Pp]ack|[Ss]ervicio|[Pp]akket|[Aa]rrangement|[Pp]acchetto|[Pp]aket|[Aa]ngebot)\s+(?P<name>[A-ZÀ-Þ]\S*(?:\s+(?!(?:pour|par|au|aux|à|avec|por|para|con|voor|met|zum|für|mit|im|al|per|a|at|et|y|en|und|e|est|es|is|ist|è|di cui|dont)\b)[^\s\d]\S*){0,4})"
)
"""Names outside English go on in small letters: "la formule Journée complète pour"."""
_NAMED = re.compile(
    r"\b(?:the|our|your|a)\s+(?P<name>(?:[A-ZÀ-Þ][\w’'-]*\s+){1,4}(?:Package|Collection|Coverage|Plan|Option|Experience))\b"
)
_BEFORE_NOUN = re.compile(r"^\s+(?:package|collection|option|plan)\b")
_NO_PACKAGE = re.compile(
    r"^(?:(?:the\s+)?(?:client|clients|couple|supplier|vendor|company|photographer|services?|event|venue|date|schedule|appendix|agreement|contract|fee|total|deposit|balance|package|packages|collection|selected|chosen|name|price)\b|[A-Z]$)",
    re.IGNORECASE,
)


def in_sentences(reading: Reading) -> Iterator[Found]:
    if not reading.running:
        return
    domains = {mail.company for _, mail in reading.emails if mail.is_office}
    for _, passage in reading.passages():
        yield from _guests(passage)
        if len(passage.text) < SENTENCE_CHARS_MIN:
            continue
        yield from _times(passage)
        yield from _places(passage, domains)
        yield from _packages(passage)


def _guests(passage: Passage) -> Iterator[Found]:
    for pattern in _GUESTS:
        for match in pattern.finditer(passage.text):
            count = int(re.sub(r"\D", "", match["low"]))
            before = passage.text[: match.start("low")]
            if not GUESTS_RANGE[0] <= count <= GUESTS_RANGE[1] or _NOT_GUESTS.search(before[-60:]):
                continue
            high = match["high"]
            reason = f"a range: {match['low']} to {high}" if high else None
            end = match.end("high") if high else match.end("low")
            value, sure = int(high or count), 0.6 if high else 0.85
            yield _at(passage, Subtype.GUEST_COUNT, value, match.start("low"), end, sure, reason)


def _times(passage: Passage) -> Iterator[Found]:
    found = dates.find_times(passage.text)
    for start, end, value in found:
        low, high = sentence_around(passage.text, start, end)
        inside = [(s - low, e - low) for s, e, _ in found if low <= s and e <= high]
        if high - low < SENTENCE_CHARS_MIN and len(passage.text) < 60:
            continue
        named = assigned(passage.text[low:high], inside, _TIME_ROLES)[inside.index((start - low, end - low))]
        if named is not None and named.subtype is Subtype.WEDDING_TIME:
            yield _at(passage, Subtype.WEDDING_TIME, value, start, end, 0.85 - named.distance / 1000)


def _places(passage: Passage, domains: set[str]) -> Iterator[Found]:
    text = passage.text
    for match in _AT.finditer(text):
        low, high = sentence_around(text, match.start(), match.end())
        told = list(_PLACE_WORDS.finditer(text, low, match.start()))
        if not told:
            continue
        start = match.end()
        end = _end_of_place(text, start, high)
        name = text[start:end].strip(' ,“”"')
        start += text[start:end].index(name) if name else 0
        if len(name) < 4 or _NO_PLACE.match(name) or dates.find_dates(name) or find_money(name) or "@" in name:
            continue
        if any(company_like(name, domain) for domain in domains) or _is_month(name):
            continue
        kind = Subtype.RECEPTION_VENUE if told[-1][0].lower() == "reception" else Subtype.CEREMONY_VENUE
        dated = bool(dates.find_dates(text[low : match.start()]))
        sure = 0.85 if dated else 0.8 if not is_company(name) else 0.62
        yield _at(passage, kind, name, start, start + len(name), sure - 0.0005 * (match.start() - told[-1].end()))


def _end_of_place(text: str, start: int, limit: int) -> int:
    """Where a place's name ends: capitalised words, particles between them, parts after commas, house numbers."""
    end = start
    words = [(start + w.start(), start + w.end(), w[0]) for w in re.finditer(r"\S+", text[start:limit])]
    for number, (begin, stop, word) in enumerate(words[:PLACE_WORDS_MAX]):
        following = words[number + 1][2].strip('“"(') if number + 1 < len(words) else ""
        ahead = text[begin:limit]
        if not _goes_on(word, following, ahead, first=number == 0, listed=text[start:end].endswith(",")):
            break
        end = stop
        if word.endswith((";", ")", "”", ".")) and not _is_abbreviation(word):
            break
    return start + len(text[start:end].rstrip(' ,;.:“”"'))


def _goes_on(word: str, following: str, ahead: str, *, first: bool, listed: bool) -> bool:
    """Whether a place's name goes on with ``word``; ``listed``: it follows a comma."""
    plain = word.strip('“”"(),;.')
    if plain[:1].isupper() or (not first and _is_house_number(plain)):
        dated = dates.find_dates(ahead[:24])
        return not (dated and dated[0].start == 0)
    if plain.lower() not in _NAME_PARTICLES and word not in ("–", "-", "—", "&"):
        return False
    if first:
        return True
    if listed or re.match(r"(?:at|in|on)\s+(?:\d|noon|midday)", ahead):
        return False
    return following[:1].isupper() or following.lower() in _NAME_PARTICLES


def _is_house_number(word: str) -> bool:
    return re.fullmatch(r"\d{1,5}[a-zA-Z]?|\d{5}", word) is not None


def _is_abbreviation(word: str) -> bool:
    return re.fullmatch(r"(?:St|Mt|Ste|Sta|Sto|S|No|Nr|Co|Str|Dr)\.,?", word) is not None


def _is_month(name: str) -> bool:
    first = fold(name).split()
    return bool(first) and (first[0] in dates.MONTHS or first[0] in dates.WEEKDAYS) and len(first) <= 3


def _packages(passage: Passage) -> Iterator[Found]:
    text = passage.text
    for pattern, sure in ((_QUOTED, 0.88), (_CHOSEN_ABROAD, 0.85), (_CHOSEN, 0.82), (_NAMED, 0.78)):
        for match in pattern.finditer(text):
            name, start = match["name"], match.start("name")
            if pattern in (_CHOSEN, _CHOSEN_ABROAD):
                name = re.split(r"(?<=[^\s.])[,;:.](?=\s|$)|\s\((?!\d)", name)[0]
            name = name.rstrip(" .,;:")
            if name.count("(") > name.count(")"):
                name = name[: name.rindex("(")].rstrip()
            if (
                len(name) < 3
                or _NO_PACKAGE.match(name)
                or dates.find_dates(name)
                or find_money(name)
                or is_company(name)
            ):
                continue
            if name.split()[0].lower() in dates.MONTHS or name.split()[0].lower() in dates.WEEKDAYS:
                continue
            yield _at(passage, Subtype.PACKAGE_NAME, name, start, start + len(name), sure)


def _at(
    passage: Passage,
    subtype: Subtype,
    value: str | int,
    start: int,
    end: int,
    strength: float,
    reason: str | None = None,
) -> Found:
    box = passage.box_of(start, end)
    return Found(subtype, value, passage.text[start:end], passage.page, box, strength, reason=reason)
