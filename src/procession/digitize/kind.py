"""What sort of document this is, and its title, by the words of headings and text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal

from procession.digitize.page import PageContent, Word
from procession.digitize.vocabulary import fold

Kind = Literal["form", "contract", "invoice", "questionnaire", "other"]

HEADING_LINES = 14
"""Lines from the top of the first page in which a title is looked for."""
TITLE_CHARS_MAX = 120
LETTERHEAD_HEIGHTS = 1.0
"""An address this many heights of the name below it, or less, belongs to the name."""
BODY_WORDS_MAX = 4000
"""Words of running text that are weighed; terms and conditions beyond that repeat themselves."""

_TITLE_WORDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        "invoice",
        re.compile(
            r" (?:invoice|tax invoice|bill|receipt|statement|"
            r"\w*rechnung|facture|factura|factuur|fattura|quittung|recu) "
        ),
    ),
    (
        "contract",
        re.compile(
            r" (?:contract|agreement|terms and conditions|terms of service|proposal|booking confirmation|\w*vertrag|"
            r"vereinbarung|contrat|contrato|contratto|\w*overeenkomst|accordo|release|quote|estimate) "
        ),
    ),
    (
        "questionnaire",
        re.compile(
            r" (?:questionnaire|survey|feedback|fragebogen|cuestionario|questionario|vragenlijst|sondage|"
            r"about you|getting to know you|consultation|planner) "
        ),
    ),
    (
        "form",
        re.compile(
            r" (?:form|application|worksheet|checklist|registration|enquiry|inquiry|intake|request|booking|sheet|"
            r"formular|formulaire|formulario|formulier|modulo|timeline|schedule|anmeldung) "
        ),
    ),
)
_BODY_WORDS: dict[Kind, re.Pattern[str]] = {
    "contract": re.compile(
        r" (?:agreement|contract|hereby|shall|parties|party|liable|liability|governing law|indemnif\w+|terminat\w+|"
        r"force majeure|clause|vertrag|haftung|contrat|contrato|overeenkomst) "
    ),
    "invoice": re.compile(
        r" (?:invoice|bill to|qty|quantity|unit price|subtotal|amount due|vat|please pay|iban|rechnung|"
        r"facture|mwst|tva) "
    ),
    "questionnaire": re.compile(
        r" (?:what|how|which|when|where|would you|do you|are you|describe|tell us|please list) "
    ),
}
_CONTACT = re.compile(r"\S@\S+\.\w|\bwww\.|https?://|\+\d[\d ().-]{6,}\d|\b\d{3,5}[ .-]\d{3,4}[ .-]?\d{3,4}\b")
_AMOUNT = re.compile(r"[$€£]\s?\d|\d(?:,[-–])?\s?[€£]|\b(?:EUR|USD|GBP|AUD|CAD|CHF)\s?\d")
_DAY = re.compile(
    r"\b\d{1,2}[./-]\d{1,2}[./-](?:20)?\d\d\b|\b[^\W\d_]{3,9}\.?\s(?:\d{1,2},?\s)?20\d\d\b|\b20\d\d-\d\d-\d\d\b"
)
BLANKS_FEW = 2
"""A paper with no more empty places than this is not there to be filled in."""
AGREED_MIN = 2
"""So many amounts, and a day, make a letter or a mail one that says what was agreed."""
_SIGNATURE = re.compile(r" (?:signature|signed|unterschrift|firma|handtekening) ")


def document_kind(pages: Sequence[PageContent], fields: Sequence[Any] = (), title: str | None = None) -> Kind:
    """``fields`` are the detected fields (only their ``value`` and ``type`` are looked at); ``title`` if known."""
    heading = fold(title or document_title(pages) or "")
    for kind, pattern in _TITLE_WORDS:
        if pattern.search(heading):
            return _settled(kind, pages, fields)
    top = fold(" ".join(text for text, _ in _lines(pages[:1])[:HEADING_LINES]))
    body = fold(" ".join(word.text for page in pages for word in page.words if word.visible)[: BODY_WORDS_MAX * 8])
    weights = {kind: len(pattern.findall(body)) for kind, pattern in _BODY_WORDS.items()}
    if weights["invoice"] >= 2 and _TITLE_WORDS[0][1].search(top):
        return "invoice"
    if weights["contract"] >= 4 and (_SIGNATURE.search(body) or _TITLE_WORDS[1][1].search(top)):
        return "contract"
    if _questions(pages) >= 4:
        return "questionnaire"
    for kind, pattern in _TITLE_WORDS:
        if pattern.search(top):
            return _settled(kind, pages, fields)
    return _settled("form" if fields else "other", pages, fields)


def is_document_word(text: str) -> bool:
    """Whether a heading names the sort of document ("Booking Contract") rather than somebody."""
    folded = fold(text)
    return any(pattern.search(folded) for _, pattern in _TITLE_WORDS)


def document_title(pages: Sequence[PageContent]) -> str | None:
    """The largest type near the top of the first page with words; None for a page without a heading."""
    for page in pages[:3]:
        lines = [(text, words) for text, words in _lines([page]) if sum(c.isalpha() for c in text) >= 3]
        if not lines:
            continue
        upper = [one for one in lines[:HEADING_LINES] if one[1][0].box.y0 < page.height * 0.45] or lines[:1]
        sizes = sorted(word.size or word.box.height for _, words in lines for word in words)
        body = sizes[len(sizes) // 2]
        senders = [one for one in upper if _is_sender(one, lines)]
        rest = [one for one in upper if one not in senders and _size(one[1]) >= body * 1.15]
        if senders and rest:
            upper = rest  # a letterhead is often set larger than the document's own name
        best = max(upper, key=lambda one: (_size(one[1]) + (1.0 if one[1][0].bold else 0.0), -one[1][0].box.y0))
        if _size(best[1]) >= body * 1.15 or best is upper[0]:
            return best[0][:TITLE_CHARS_MAX].strip(" :") or None
        return upper[0][0][:TITLE_CHARS_MAX].strip(" :") or None
    return None


def _is_sender(one: tuple[str, list[Word]], lines: Sequence[tuple[str, list[Word]]]) -> bool:
    """Whether a line names who sent the paper: their address stands beside or under it, or with it in a foot line."""
    text, words = one
    if is_document_word(text):
        return False
    top, bottom = min(word.box.y0 for word in words), max(word.box.y1 for word in words)
    for other, others in lines:
        if other == text or not _CONTACT.search(other.replace(" @ ", "@")):  # a recogniser parts addresses
            continue
        if text.casefold() in other.casefold():
            return True
        middle = others[0].box.centre[1]
        beside = top - 4 <= middle <= bottom + LETTERHEAD_HEIGHTS * (bottom - top)
        if beside and not (others[0].box.x0 <= words[0].box.x0 + 4 and middle > bottom + (bottom - top)):
            return True
    return False


def _settled(kind: Kind, pages: Sequence[PageContent], fields: Sequence[Any]) -> Kind:
    """ "Booking form" stays a form, and a feedback form with questions is a questionnaire; a letter that tells what
    was agreed is a contract, whatever its heading."""
    if kind == "form" and _questions(pages) >= 5:
        return "questionnaire"
    if kind in ("form", "other") and _tells_what_was_agreed(pages, fields):
        return "contract"
    return kind


def _tells_what_was_agreed(pages: Sequence[PageContent], fields: Sequence[Any]) -> bool:
    signs = ("signature", "initials")
    blanks = sum(getattr(one, "value", None) in (None, "") and str(one.type) not in signs for one in fields)
    if blanks > BLANKS_FEW:
        return False
    body = " ".join(word.text for page in pages for word in page.words if word.visible)[: BODY_WORDS_MAX * 8]
    return len(_AMOUNT.findall(body)) >= AGREED_MIN and _DAY.search(body) is not None


def _questions(pages: Sequence[PageContent]) -> int:
    return sum(text.rstrip().endswith("?") for text, _ in _lines(pages[:4]))


def _size(words: Sequence[Word]) -> float:
    return max((word.size or word.box.height) for word in words)


def _lines(pages: Sequence[PageContent]) -> list[tuple[str, list[Word]]]:
    """Visible words as lines from top to bottom; a gap wider than three letters' height starts a new one."""
    found: list[tuple[str, list[Word]]] = []
    for page in pages:
        rows: list[list[Word]] = []
        middles = [(w.box.centre[1], w) for w in page.words if w.visible]
        last = 0.0
        for middle, word in sorted(middles, key=lambda one: one[0]):
            if rows and abs(last - middle) < 0.5 * max(word.box.height, 1.0):
                rows[-1].append(word)
            else:
                rows.append([word])
            last = middle
        for row in rows:
            row.sort(key=lambda w: w.box.x0)
            start = 0
            for i in range(1, len(row) + 1):
                if i == len(row) or row[i].box.x0 - row[i - 1].box.x1 > 3 * max(row[i].box.height, 1.0):
                    part = row[start:i]
                    found.append((" ".join(word.text for word in part), part))
                    start = i
    return found
