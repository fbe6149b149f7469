"""The words of a label taken apart: the name itself, marks of a required answer, hints in brackets, units."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from procession.digitize.page import Rect, Word
from procession.digitize.vocabulary import word_set

LABEL_CHARS_MAX = 200
HELP_CHARS_MAX = 300
SENTENCE_LETTERS_MIN = 4
"""A full stop behind a shorter word ends no sentence: "No.", "Mr."."""

SPACE_HEIGHTS = 0.45
"""A number farther behind a word than so many heights of the line counts the form's own lines."""

MARKS = "*†‡#"
"""Signs that point to a legend, written behind or before a label."""
OPTIONAL = "optional"

REQUIRED_WORDS = (
    r"required(?: fields?)?|mandatory|compulsory|pflicht(?:feld|angabe)?|erforderlich|obligatoires?|requis(?:e|es)?|"
    r"obligatori[oae]s?|requerid[oa]s?|necesari[oa]|verplicht(?: veld)?|vereist|obbligatori[oae]|richiest[oa]"
)
OPTIONAL_WORDS = (
    r"optional|if (?:applicable|any|known)|wenn vorhanden|falls (?:vorhanden|zutreffend|bekannt)|facultati(?:f|ve)|"
    r"facoltativ[oa]|opcional|optioneel|freiwillig|si connue?|se noto|si se conoce|indien bekend"
)
_REQUIRED = re.compile(
    rf"\*+\s*[:?]?\s*$|^\s*\*|\w\*(?=\s|[:?]|$)|[(\[]\s*(?:{REQUIRED_WORDS})\s*[)\]]|"
    rf"(?:[-–—:,]\s*|^\s*)(?:{REQUIRED_WORDS})\s*[:*]?\s*$|"
    rf"[(\[](?:{REQUIRED_WORDS})[,;:–—-]|\bthis (?:field|answer) is required\b",
    re.IGNORECASE,
)
_OPTIONAL = re.compile(rf"[(\[]\s*(?:{OPTIONAL_WORDS})\s*[)\]]", re.IGNORECASE)
_MARK = re.compile(rf"[{MARKS}](?=[{MARKS}\s:?)]*$)|^\s*[{MARKS}]|(?<=\w)[*†‡](?=\s|[:?])|\s[*†‡](?=\s)")
_ACCEPTS = re.compile(
    r"\b(?:agree|accept|acknowledge|confirm|understand|have read|akzeptier\w*|stimm\w*|einverstanden|gelesen|"
    r"accepte|acceptons|reconnai(?:s|ssons)|acepto|aceptamos|akkoord|accetto|accettiamo)\b.*?"
    r"\b(?:terms|conditions|contract|agreement|policy|policies|agb|bedingungen|vertrag\w*|contrat|términos|condiciones|contrato|"
    r"voorwaarden|overeenkomst|termini|condizioni|contratto)\b",
    re.IGNORECASE,
)
_MARK_NOISE = re.compile(r"(?:[\[\](){}|_©®□☐○◯]\s?[A-Za-z]?(?=[\[\](){}|_©®])|[\[\](){}|_©®□☐○◯])+")
"""Brackets, bars and circled letters: what a recogniser makes of an empty box."""
_DATE_MASK = re.compile(
    r"\b(?:(?:d{1,2}|t{1,2}|j{1,2}|g{1,2})\s?[-/. ]\s?m{1,2}\s?[-/. ]\s?(?:y{2,4}|j{2,4}|a{2,4})|"
    r"m{1,2}\s?[-/. ]\s?d{1,2}\s?[-/. ]\s?y{2,4}|y{4}\s?[-/. ]\s?m{1,2}\s?[-/. ]\s?d{1,2})\b",
    re.IGNORECASE,
)
_TIME_MASK = re.compile(r"\b(?:h{1,2}|s{2})\s?[:.]\s?m{2}\b", re.IGNORECASE)
_LEADERS = re.compile(r"(?:\s*[.·…]){3,}\s*$")
_TRAILING = re.compile(r"[\s:*†‡.…_\u2022]+$")
_LEADING = re.compile(r"^[\s*†‡:.…_\u2022\u25b6\u25ba]+")
_MARKERS = re.compile(
    rf"[(\[]\s*(?:{REQUIRED_WORDS}|{OPTIONAL_WORDS})\s*[)\]]|\s\*+(?=\s|$)|(?<=\w)\*+(?=\s|[:?]|$)", re.IGNORECASE
)
_HELP = re.compile(r"(?<=\s)[(\[](?P<help>[^()\[\]]{4,})[)\]]\s*[*:?]?\s*$")
_NOT_HELP = re.compile(r"^(?:s|es|e|en|n|name|names|first|last|full|printed|print|ies)$|\d+[a-z]?$", re.IGNORECASE)
_SENTENCE = re.compile(rf"[^\W\d_]{{{SENTENCE_LETTERS_MIN},}}[.!;]\s+(?=\S)")

_CODE = re.compile(r"^(?:\(?\d{1,3}[a-z]?\)?|\(?[a-z]\)|00|[.\u25b6\u25ba▶►$€£:]+)\.?$", re.IGNORECASE)

MONEY_UNITS = word_set("$ € £ chf eur euro euros usd gbp aud dollars pounds us$ a$")
COUNT_UNITS = word_set(
    "guests guest people persons pax hours hour hrs hr mins min minutes days weeks years km miles m cm ft feet kg "
    "pieces pcs tables adults children kids % percent "
    "gäste gaeste personen stunden std minuten tage jahre stück kinder erwachsene prozent "
    "invités invites personnes heures minutes jours ans enfants adultes "
    "invitados personas horas minutos días años niños adultos "
    "gasten uur uren minuten dagen jaar kinderen volwassenen stuks "
    "ospiti invitati persone ore minuti giorni anni bambini adulti pezzi"
)


@dataclass(frozen=True, slots=True)
class Labelled:
    label: str
    required: bool = False
    help: str | None = None
    sure: float = 1.0
    """1.0 for a label right beside its place, less the farther it was looked for."""
    box: Rect | None = None
    unit: str | None = None
    """What is counted there: "guests", "€"."""
    marks: frozenset[str] = frozenset()
    """The signs of ``MARKS`` the label carries, and ``OPTIONAL``."""


def cleaned(text: str) -> str:
    """A label without the marks that only decorate it."""
    text = _MARKERS.sub(" ", text)
    return re.sub(r"\s+", " ", _LEADING.sub("", _TRAILING.sub("", text)))[:LABEL_CHARS_MAX].strip()


def is_required(text: str) -> bool:
    """Whether ``text`` carries a mark of a required answer, in English, French, German, Spanish, Dutch or Italian."""
    return bool(_REQUIRED.search(text)) and not _OPTIONAL.search(text)


def is_acceptance(text: str) -> bool:
    """Whether ticking means to accept the contract: nobody books without it."""
    return bool(_ACCEPTS.search(text))


def marks_of(text: str) -> frozenset[str]:
    marks = {found.strip() for found in _MARK.findall(text)}
    return frozenset(marks | {OPTIONAL} if _OPTIONAL.search(text) else marks)


def is_unit(text: str) -> bool:
    plain = text.strip("().,:;/").casefold()
    return plain in MONEY_UNITS or plain in COUNT_UNITS


def unit_kind(unit: str | None) -> str | None:
    """ "currency" or "number" for what is counted in ``unit``; None for no unit."""
    if unit is None:
        return None
    return "currency" if unit.strip("().,:;/").casefold() in MONEY_UNITS else "number"


def mask_kind(text: str) -> str | None:
    """ "date" or "time" where ``text`` shows how to write one: "DD/MM/YYYY", "TT.MM.JJJJ", "hh:mm"."""
    if _DATE_MASK.search(text):
        return "date"
    return "time" if _TIME_MASK.search(text) else None


def is_mask(text: str) -> bool:
    """Whether ``text`` is nothing but such a pattern: it says how to answer, and names nothing."""
    bare = text.strip(" ()[]")
    return bool(_DATE_MASK.fullmatch(bare) or _TIME_MASK.fullmatch(bare))


def finished(text: str, sure: float, box: Rect | None = None, *, last_sentence: bool = False) -> Labelled:
    """``text`` as printed, taken apart; ``last_sentence`` keeps what follows the last full stop of running text."""
    text = _LEADERS.sub("", text)
    required, marks = is_required(text), marks_of(text)
    if last_sentence:
        *_, cut = (0, *(found.end() for found in _SENTENCE.finditer(text)))
        if any(c.isalpha() for c in text[cut:]):
            text = text[cut:]
    bare = _MARKERS.sub(" ", text).rstrip(" :*")
    found = _HELP.search(bare)
    help_text = None
    if found and found.start() > 2 and not _NOT_HELP.match(found["help"].strip()):
        help_text = found["help"][:HELP_CHARS_MAX].strip()
        unit = help_text if is_unit(help_text) else None
        return Labelled(cleaned(bare[: found.start()]), required, help_text, sure, box, unit, marks)
    return Labelled(cleaned(text), required, None, sure, box, marks=marks)


def is_sign_mark(words: Sequence[Word]) -> bool:
    """Whether ``words`` are the X in front of a line to sign on: it names nothing."""
    return len(words) == 1 and words[0].text.strip(".:_") in ("X", "x", "✗", "✘")


def is_mark_noise(text: str) -> bool:
    """Whether a recognised word is a box to tick read as letters."""
    return bool(_MARK_NOISE.fullmatch(text))


def without_mark_noise(text: str) -> str:
    """A recognised option without its own box, read as letters before it."""
    found = _MARK_NOISE.match(text)
    if found is None or found.end() == len(text) or found[0].strip() in ("(", "{"):
        return text
    return text[found.end() :].lstrip()


def without_codes(words: Sequence[Word]) -> list[Word]:
    """``words`` without line numbers and printed cents at their end, unless nothing else is there.

    A number that belongs to the label ("Children under 12") follows its word as closely as any other.
    """
    kept = list(words)
    while len(kept) > 1 and (
        (_CODE.match(kept[-1].text) and not _follows(kept[-2], kept[-1]))
        or (is_unit(kept[-1].text) and kept[-1].text in MONEY_UNITS)
    ):
        kept.pop()
    return kept if any(len(word.text) > 1 and word.text[0].isalpha() for word in kept) else list(words)


def _follows(before: Word, number: Word) -> bool:
    close = number.box.x0 - before.box.x1 < SPACE_HEIGHTS * max(number.box.height, 6.0)
    return close and number.text[0].isdigit() and before.text[-1].isalpha()
