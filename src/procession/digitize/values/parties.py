"""People and companies: names of a couple, and the supplier's name."""

# ruff: noqa: E501 - a pattern with its synonyms reads better in one line

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from procession.digitize.vocabulary import fold, word_set

_JOIN = r"\s*(?:&|\+|/|\band\b|\bund\b|\bet\b|\by\b|\be\b|\ben\b)\s*"
_LETTER = r"[^\W\d_]"
_NAME_WORD = rf"{_LETTER}(?:{_LETTER}|[’'.\-])*"
_NAME = rf"{_NAME_WORD}(?:\s+{_NAME_WORD}){{0,4}}"
_JOINED = re.compile(r"[&+/]|\b(?:and|und|et|y|e|en)\b")
"""What every pair has; a text without is not searched for one."""
_PAIR = re.compile(rf"(?P<first>{_NAME}){_JOIN}(?P<second>{_NAME})")
_LISTED = re.compile(rf"^\s*(?P<first>{_NAME})\s*[,;]\s*(?P<second>{_NAME})\s*$")
_PARTICLES = word_set(
    """
    van von de da di do dos das del della der den du la le el al bin ibn ter ten zu zur y st mc mac o
    """
)
_TITLES = re.compile(
    r"^(?:(?:mr|mrs|ms|miss|mx|dr|prof|rev|sir|lady|herrn?|frau|ing|m|mme|mlle|monsieur|madame|sr|sra|srta|d|dª|doña|don|señora?|"
    r"dhr|mevr|mevrouw|de heer|sig|sig\.ra|signora?|dott|dott\.ssa)\.?\s+)+",
    re.IGNORECASE,
)
_NO_NAME = word_set(
    """
    dear hello hi thank thanks choosing congratulations welcome re regarding prepared presented les los gli die das
    the client clients vendor couple bride groom partner partners customer total deposit balance terms
    conditions wedding ceremony reception venue date time guest guests package services service agreement
    contract invoice proposal booking event photography photographer videography films film catering caterer
    events planning planner florals flowers florist music studio studios company hall hotel ballroom house
    church barn farm villa castle garden gardens estate manor mill road street avenue lane payment schedule
    fee fees hours hour full day email phone tel mobile address name names signature travel cancellation
    overtime photos photo video album food drink beverage tables chairs linens lighting sound dinner lunch
    breakfast bar setup delivery january february march april may june july august september october november
    december monday tuesday wednesday thursday friday saturday sunday party parties both between this that
    these your our their his her we you they i he she it per before after either any all each other yes no
    first second final description amount qty vat tax subtotal inc ltd llc gmbh co limited bride’s groom’s and
    or for with from to at by on in of
    """
)
COMPANY_WORDS = re.compile(
    r"\b(?:ltd|limited|llc|llp|inc|incorporated|co|company|corp|gmbh|ug|kg|ag|sarl|sas|srl|s\.?r\.?l|bv|b\.v|plc|pty|"
    r"photography|photographers?|photo|films?|videography|video|media|pictures|catering|caterers?|kitchen|events|"
    r"weddings|planning|planners?|florals?|florists?|flowers?|blooms?|studios?|djs?|band|music|entertainment|"
    r"productions?|bakery|cakes?|patisserie|rentals?|hire|beauty|makeup|hair|design|designs|group|agency|collective|"
    r"strings|quartet|transport|limousines?|celebrants?|stationery|bridal|decor|lighting|sound)\b\.?",
    re.IGNORECASE,
)
_ROLE = r"(?:(?:the|el|la|los|las|le|les|il|lo|gli|de|het|der|die|das|als|genannt)\s+)*[“\"'‘«„]?\s?(?:%s)s?\s?[”\"'’»“]{0,2}"
_VENDOR_ROLE = (
    _ROLE
    % r"vendor|supplier|photographer|videographer|company|caterer|planner|provider|service provider|contractor|studio|dj|band|florist|venue|artist|business|seller|anbieter|auftragnehmer|dienstleister|fotograf\w*|prestataire|proveedor|fotógrafo|leverancier|opdrachtnemer|fornitore"
)
_CLIENT_ROLE = (
    _ROLE
    % "client|couple|customer|hirer|purchaser|buyer|kunde|auftraggeber|newlywed|parties|cliente|clienti|sposi|novio|contratante|opdrachtgever|bruidspaar|brautpaar|client\\(s\\)"
)
_DEFINES_VENDOR = re.compile(rf"[,\s]*\((?:[^()]{{0,40}}[\s,])?{_VENDOR_ROLE}(?:[\s,][^()]{{0,30}})?\)", re.IGNORECASE)
_DEFINES_CLIENT = re.compile(rf"[,\s]*\((?:[^()]{{0,40}}[\s,])?{_CLIENT_ROLE}(?:[\s,][^()]{{0,30}})?\)", re.IGNORECASE)
_LEGAL_FORM = re.compile(
    r"(?:ltd|llc|llp|inc|plc|gmbh|s\.?l|s\.?a|sarl|s\.?r\.?l|b\.?v|pty ltd|corp)\.?", re.IGNORECASE
)
_COMPANY_BEFORE = re.compile(
    r"(?:\bbetween\b|\bby and between\b|\band\b|\bwith\b|\bby\b|\bfrom\b|[.;:]|^)\s*(?P<name>[^;:()]{3,80}?)\s*$",
    re.IGNORECASE,
)

_OPENS_PARTY = re.compile(
    r"(?:\bbetween:?|\bzwischen|\bentre|\btussen|\btra|\bfra|\bde una parte,?|\bby and between|\band|\bwith|\bby|\bfrom|\bund|\bet|\bparties:?|^|\(\d\)|\d[.)])\s+(?=[A-ZÀ-Þ])",
    re.IGNORECASE,
)
DEFINED_CHARS = 320
"""So many letters before "(the Client)" its name may stand, with an address and telephone between."""


@dataclass(frozen=True, slots=True)
class Span:
    start: int
    end: int
    text: str


def couple_in(text: str, *, single_words: bool = False) -> tuple[Span, Span] | None:
    """The first "X & Y" whose sides are people's names. ``single_words``: first names alone will do."""
    position = 0
    while _JOINED.search(text, position) and (match := _PAIR.search(text, position)):
        first = _trimmed(text, match.start("first"), match.end("first"), keep_end=True)
        second = _trimmed(text, match.start("second"), match.end("second"), keep_end=False)
        if first and second:
            words = len(first.text.split()), len(second.text.split())
            if max(words) >= 2 or single_words:
                return first, second
        position = match.start("second")
    listed = _LISTED.match(text) if single_words else None
    if listed:
        first, second = person_in(listed["first"]), person_in(listed["second"])
        if first and second and min(len(first.text.split()), len(second.text.split())) >= 2:
            shift = listed.start("second")
            one = Span(listed.start("first") + first.start, listed.start("first") + first.end, first.text)
            return one, Span(shift + second.start, shift + second.end, second.text)
    return None


def person_in(text: str) -> Span | None:
    """``text`` as one person's name, or None when it is none."""
    return _trimmed(text, 0, len(text), keep_end=True) if re.fullmatch(rf"\s*{_NAME}\s*", text) else None


def client_pair(text: str) -> tuple[Span, Span] | None:
    """The couple of "… A and B of 4 Mill Lane, a@b.com (together, the “Client”)": named since the last definition."""
    for match in _DEFINES_CLIENT.finditer(text):
        low = max(0, match.start() - DEFINED_CHARS)
        for other in _DEFINES_VENDOR.finditer(text, low, match.start()):
            low = other.end()
        position = low
        while position < match.start() and (pair := couple_in(text[position : match.start()])):
            first, second = (Span(s.start + position, s.end + position, s.text) for s in pair)
            if not is_company(f"{first.text} {second.text}"):
                return first, second
            position = second.start
    return None


def client_alone(text: str) -> Span | None:
    """The one person of "between … and Anna Bell (the “Client”)"."""
    for match in _DEFINES_CLIENT.finditer(text):
        before = text[max(0, match.start() - 60) : match.start()]
        named = re.search(rf"(?:\band\b|\bund\b|\bet\b|\by\b|\ben\b|\be\b|\bby\b|\)|^)\s+(?P<name>{_NAME})\s*$", before)
        span = person_in(named["name"]) if named else None
        if named and span and len(span.text.split()) >= 2 and not is_company(span.text):
            start = max(0, match.start() - 60) + named.start("name") + span.start
            return Span(start, start + len(span.text), span.text)
    return None


def defined_vendor(text: str) -> Span | None:
    """The company of "… Golden Lens Ltd, 4 Mill Lane (hello@lens.uk) (the “Photographer”)"."""
    for match in _DEFINES_VENDOR.finditer(text):
        head = text[: match.start()]
        opened = [one.end() for one in _OPENS_PARTY.finditer(head, max(0, len(head) - DEFINED_CHARS))]
        starts = [at for at in opened if head[at : at + 1].isupper()]
        if not starts:
            before = _COMPANY_BEFORE.search(head)
            if before is None:
                continue
            starts = [before.start("name")]
        # the first after "between" or "(1)", unless a sentence ends on the way
        start = starts[-1] if "between" not in head[: starts[0]].lower()[-60:] else starts[0]
        name = _company_at(head, start)
        if name and name[:1].isupper() and 2 < len(name) <= 60:
            return Span(start, start + len(name), name)
    return None


def _company_at(text: str, start: int) -> str:
    """A company's name from ``start`` up to its address, its contacts or the end: a legal form may follow a comma."""
    rest = text[start:]
    stop = re.search(
        r"\s*(?:,(?!\s*(?:ltd|llc|llp|inc|plc|gmbh|s\.?l|s\.?a|sarl|s\.?r\.?l|b\.?v|pty|co)\b)|;|\(|\s[–—|·]\s|\s\S+@|\s(?:of|located|with|whose|having|a|an|trading)\s|$)",
        rest,
        re.IGNORECASE,
    )
    return rest[: stop.start()].strip() if stop else rest.strip()


def company_like(text: str, domain: str) -> Span | None:
    """The stretch of ``text`` that an e-mail domain abbreviates: "Table Twelve Catering Co." for "tabletwelvecat"."""
    if len(domain) < 4:
        return None
    target = _squeezed(domain)
    words = [(m.start(), m.end(), _squeezed(m[0])) for m in re.finditer(r"\S+", text)]
    for i in range(len(words)):
        joined = ""
        for j in range(i, min(i + 7, len(words))):
            joined += words[j][2]
            if not joined or joined[0] != target[0]:
                break
            if _abbreviates(joined, target):
                last = text[words[j][0] : words[j][1]]
                return _to_delimiter(text, words[i][0], words[j][1] - (len(last) - len(last.rstrip(",;:"))))
    return None


def _squeezed(text: str) -> str:
    return fold(text.replace("&", " and ")).replace(" ", "")


def is_company(text: str) -> bool:
    return bool(COMPANY_WORDS.search(text))


def _abbreviates(joined: str, target: str) -> bool:
    if joined.replace("and", "") == target.replace("and", ""):
        return True
    if joined.startswith(target) and len(target) >= 5:
        return True
    return target.startswith(joined) and len(joined) >= max(6, int(0.6 * len(target)))


def _to_delimiter(text: str, start: int, end: int) -> Span:
    rest = text[end:]
    stop = re.search(r"\s[—–\-|·•]\s|[|·•(,;:<]|\s[“\"]|\s\S+@|$", rest)
    reach = end + (stop.start() if stop else 0)
    legal = re.match(
        r"(?:,)?\s*(?:ltd|limited|llc|llp|inc|plc|gmbh|s\.l|s\.a|sarl|s\.r\.l|b\.v|pty ltd|co)\b\.?",
        rest,
        re.IGNORECASE,
    )
    if legal:
        end += legal.end()
        return Span(start, end, text[start:end].rstrip(" ,;:"))
    words = text[end:reach].split()
    # the name goes on while words are capitalised or company words, not into a sentence
    for word in words:
        if word[:1].isupper() or (word in ("&", "di", "de", "of", "and") and words[-1] != word):
            end = text.index(word, end) + len(word)
        else:
            break
    name = text[start:end].rstrip(" ,;:")
    return Span(start, start + len(name), name)


def _trimmed(text: str, start: int, end: int, *, keep_end: bool) -> Span | None:
    """Cuts words that are no part of a name off the outer side; None when no name is left."""
    words = [(start + m.start(), start + m.end(), m[0]) for m in re.finditer(r"\S+", text[start:end])]
    kept: list[tuple[int, int, str]] = []
    for word in reversed(words) if keep_end else words:
        if not _is_name_word(word[2]) or len(kept) == 5:
            break
        kept.append(word)
    if keep_end:
        kept.reverse()
    while kept and kept[0][2].islower():
        kept.pop(0)  # "y Lucía Gómez": a joining word, or a particle nobody's first name starts with
    if not kept or not any(w[2][0].isupper() or any(c.isupper() for c in w[2]) for w in kept):
        return None
    low, high = kept[0][0], kept[-1][1]
    title = _TITLES.match(text[low:high])
    low += title.end() if title else 0
    name = text[low:high].rstrip(".,;: ") if not text[low:high].endswith((" Jr.", " Sr.")) else text[low:high]
    return Span(low, low + len(name), name) if len(name) >= 2 else None


def _is_name_word(word: str) -> bool:
    plain = word.strip(".,;:()“”\"'")
    if not plain or any(c.isdigit() for c in plain):
        return False
    if plain.lower() in _PARTICLES:
        return True
    if fold(plain).strip() in _NO_NAME or plain.lower() in _NO_NAME:
        return False
    return any(c.isupper() for c in plain) or not plain.isascii()


def common_name(names: Sequence[str], local_part: str) -> bool:
    """Whether an e-mail's local part is made of one of these people's names."""
    squeezed = re.sub(r"[^a-z0-9]", "", fold(local_part))
    parts = [part for name in names for part in re.split(r"[\s\-]+", fold(name).strip()) if len(part) >= 3]
    return any(part.replace(" ", "") in squeezed for part in parts)
