"""What a text may answer: a date for a date, a person for a name, no sentence for a venue."""

# ruff: noqa: E501 - a pattern with its synonyms reads better in one line

from __future__ import annotations

import re
from functools import lru_cache

from procession.digitize.classify import meaning_of
from procession.digitize.values import dates
from procession.digitize.values.money import find_money
from procession.digitize.values.parties import couple_in, is_company, person_in
from procession.digitize.vocabulary import Meaning, fold, word_set
from procession.domain.form import Category, FieldType, Subtype

LABEL_WORDS_MAX = 9
ANSWER_CHARS_MAX = {True: 100, False: 400}
"""Longest answer to a label that wants a line of text; and to one that wants anything else."""
SENTENCE_WORDS_MIN = 9
"""Words in a row of small letters that make a sentence of an answer to a label that wants a name."""

_NUMBERING = re.compile(r"^(?:\(?(?:\d{1,2}(?:\.\d{1,2})?|[a-hA-H])[.)]|[•▪●–—*>-])\s+")
_PACKAGE_NOUN = re.compile(
    r" (?:packages?|collections?|plans?|coverage|pakete?|leistungspaket|forfaits?|formules?|paquetes?|packs?|pakket(?:ten)?|arrangement|pacchett[oi]|menu) "
)
_LIST = re.compile(r" (?:packages|collections|pakete|forfaits|formules|paquetes|packs|pakketten|pacchetti) $")
_ABOUT_PACKAGE = word_set(
    """
    package packages collection collections plan coverage paket pakete leistungspaket forfait forfaits formule formules
    paquete paquetes pack packs pakket pakketten arrangement pacchetto pacchetti menu
    name option type selected chosen booked details choice selection ordered required preferred of the your our my a
    which what did do you would like have has was is wedding photography videography film catering service services event
    select choose for and purchased reserved
    gebucht gebuchtes gewahlt gewahltes das euer ihr welches name des pakets
    choisie choisi retenue retenu la le votre quelle de prestation selectionnee reservee
    elegido contratado el su vuestro que seleccionado reservado del
    gekozen geboekt het welk jullie uw geboekte
    scelto prenotato il vostro quale selezionato richiesto
    """
)
_SMALL_WORDS = re.compile(
    r"\b(?:the|and|is|are|have|has|for|with|at|you|your|we|our|will|shall|be|to|of|which|wird|werden|ist|der|die|und|est|sera|les|des|es|que|los|zijn|wordt|het|een|sono|che|di)\b"
)


def unnumbered(text: str) -> str:
    """``text`` without the number, letter or bullet before it."""
    return _NUMBERING.sub("", text)


@lru_cache(maxsize=8192)
def label_meaning(text: str) -> Meaning | None:
    """Meaning of a text that is nothing but a label."""
    text = unnumbered(text)
    words = text.split()
    if not words or len(words) > LABEL_WORDS_MAX or re.search(r"\d{3,}|@|[$€£]", text):
        return None
    if text.rstrip().endswith((",", ";")) or words[0][:1].islower():
        return None
    if text.rstrip().endswith(".") and len(words) > 2:
        return None
    meaning = meaning_of(text)
    if meaning and meaning.subtype is Subtype.PACKAGE_NAME and (not names_no_package(text) or _LIST.search(fold(text))):
        return None  # "Essential Package" is the name of one, "Our packages" the heading of a list
    return meaning


def names_no_package(text: str) -> bool:
    """Whether the words speak of packages without naming one."""
    folded = fold(text)
    return bool(_PACKAGE_NOUN.search(folded)) and all(word in _ABOUT_PACKAGE for word in folded.split())


def fits(meaning: Meaning, text: str) -> bool:
    """Whether ``text`` can be an answer to a label of this meaning."""
    if len(text) > ANSWER_CHARS_MAX[meaning.type is FieldType.TEXT]:
        return False
    if meaning.type is FieldType.DATE:
        return bool(dates.find_dates(text)) or dates.lacks_year(text)
    if meaning.type is FieldType.TIME:
        return dates.find_time(text) is not None
    if meaning.type is FieldType.CURRENCY:
        if meaning.subtype is Subtype.BUDGET_RANGE:
            return any(character.isdigit() for character in text)
        return bool(find_money(text, bare=True))
    if meaning.type is FieldType.EMAIL:
        return "@" in text
    if meaning.type in (FieldType.PHONE, FieldType.NUMBER):
        return any(character.isdigit() for character in text)
    if meaning.type is FieldType.TEXT:
        return _fits_a_name(meaning, text)
    return True


def _fits_a_name(meaning: Meaning, text: str) -> bool:
    if is_sentence(text):
        return False
    if meaning.category is Category.COUPLE and meaning.subtype in (
        None,
        Subtype.PARTNER_1_NAME,
        Subtype.PARTNER_2_NAME,
    ):
        if couple_in(text, single_words=True) is not None:
            return True
        person = person_in(text.split("(")[0].strip(" ,"))
        return person is not None and (meaning.subtype is not None or len(person.text.split()) >= 2)
    return bool(re.search(r"[^\W\d_]{2}", text))


def is_sentence(text: str) -> bool:
    """Whether ``text`` is running text rather than a name, a place or a few words."""
    words = text.split()
    if len(words) < SENTENCE_WORDS_MIN:
        return False
    return len(_SMALL_WORDS.findall(text)) >= 3 or text.rstrip().endswith(".")


def fits_surely(meaning: Meaning, text: str) -> bool:
    """Whether ``text`` begins with an answer whose form alone tells it from the words of a label."""
    if meaning.type is FieldType.DATE:
        found = dates.find_dates(text)
        return bool(found) and found[0].start == 0
    if meaning.type is FieldType.TIME:
        time = dates.find_time(text)
        return time is not None and time[0] == 0
    if meaning.type is FieldType.CURRENCY:
        money = find_money(text)
        return bool(money) and money[0].start == 0
    if meaning.type is FieldType.EMAIL:
        return re.match(r"\S+ ?@ ?\S+\.\S", text) is not None
    if meaning.type is FieldType.PHONE:
        return re.match(r"[+(\d][\d ()/.–-]{6,}", text) is not None
    if meaning.type is FieldType.NUMBER:
        return re.match(r"(?:ca\.? |approx\.? |about |~)?\d", text) is not None
    if meaning.category is Category.COUPLE and meaning.type is FieldType.TEXT:
        return couple_in(text) is not None and not is_company(text)
    return False
