"""Labels no vocabulary lists word for word: what they speak of, and what form their answer has, tell them together."""

# ruff: noqa: E501 - a pattern with its synonyms reads better in one line

from __future__ import annotations

import re
from typing import NamedTuple

from procession.digitize.values import dates
from procession.digitize.values.answers import is_sentence, names_no_package, unnumbered
from procession.digitize.values.money import find_money
from procession.digitize.values.parties import couple_in, is_company, person_in
from procession.digitize.vocabulary import Meaning, fold
from procession.domain.form import Category, FieldType, Subtype

LABEL_WORDS_MAX = 6
QUESTION_WORDS_MAX = 10

_EVENT = r"weddings?|ceremon\w+|events?|functions?|marriage|nuptials?|celebrations?|big day|marri\w+|wed|get(?:ting)? married|heirat\w*|mariez|mariage|casais|casarse|casan|sposate|sposano|hochzeit\w*|trau(?:ung|termin|ungs)\w*|feier\w*|veranstaltung\w*|mariage|noces|evenement|levenement|boda|enlace|celebracion|evento|bruiloft\w*|trouw\w*|huwelijk\w*|plechtigheid|matrimonio|nozze|cerimonia|sposalizio"
_NOT_THE_DAY = r"rehears\w*|probe\w*|due|deposit|signe?d?|signature|sign|birth\w*|dob|deliver\w*|arriv\w*|set ?up|expir\w*|valid\w*|issue\w*|invoice|quote|order|contract|agreement|booked|booking|consultation|meeting|tasting|trial|fitting|payment|pay|end|finish|rsvp|notice|previous|next|follow up|engagement|fiancailles|repeti\w*|ensayo|prova|prove|generale"


class _Soft(NamedTuple):
    meaning: Meaning
    words: re.Pattern[str]
    never: re.Pattern[str]


def _soft(subtype: Subtype | None, kind: FieldType, category: Category, words: str, never: str) -> _Soft:
    nothing = re.compile(r"(?!)")
    return _Soft(
        Meaning(nothing, subtype, kind, category), re.compile(rf" (?:{words}) "), re.compile(rf" (?:{never}) ")
    )


_DAY = _soft(Subtype.WEDDING_DATE, FieldType.DATE, Category.WEDDING, _EVENT, _NOT_THE_DAY)
_DUE = _soft(
    Subtype.BALANCE_DUE_DATE,
    FieldType.DATE,
    Category.CONTRACT,
    r"balance|remain\w*|final|due|pay\w*|settle\w*|rest\w*|zahl\w*|fallig\w*|solde|paiement|payer|regler|reglement|echeance|saldo|pago|pagar|vence\w*|vencimiento|pendiente|resto|abonar|betal\w*|voldoen|verval\w*|scad\w*|saldare|saldat\w*|pagamento|pagare|versare|termine",
    r"deposit\w*|retainer|booking fee|first|initial|anzahlung|acompte|arrhes|senal|anticipo|aanbetaling|acconto|caparra|primer\w*|premier|numbers|menu|guest\w*|playlist|questionnaire|issue\w*|invoice date|received|paid on|payment date|datum der zahlung",
)
_TIME = _soft(
    Subtype.WEDDING_TIME,
    FieldType.TIME,
    Category.WEDDING,
    rf"{_EVENT}|service|vows|i do",
    r"arriv\w*|end\w*|finish\w*|rehears\w*|set ?up|recept\w*|dinner|breakfast|coverage|photograph\w*|dj|band|guests?|leave|depart\w*|until|music|cocktails?|drinks?|duration|length|hours",
)
_GUESTS = _soft(
    Subtype.GUEST_COUNT,
    FieldType.NUMBER,
    Category.WEDDING,
    r"guests?|gaste\w*|gasten\w*|\w*gaste|invites|dinvites|convives|invitados|comensales|asistentes|ospiti|invitati|partecipanti|coperti|couverts|covers|attend\w*|people|persons?|personen\w*|personnes|personas|persone|pax|head ?count|heads|party size",
    r"child\w*|kids|kinder|enfants|ninos|kinderen|bambini|tables?|vegetarian\w*|vegan\w*|staff|crew|vendors?|meals?|day|evening|abend\w*|soir|avond\w*|per|extra|additional|max\w*|min\w*|dietary|special|rooms?|parking|vip|rate|price|cost",
)
_VENUE = _soft(
    Subtype.CEREMONY_VENUE,
    FieldType.TEXT,
    Category.VENUE,
    r"venues?|locations?|place|where|lieu|lugar|ort|luogo|locatie|plaats|sede|espacio|ubicacion|(?<=^ )(?:salle|salon|zaal|finca|villa|domaine|church|kirche|eglise|iglesia|kerk|chiesa|hall|room)(?= $)|(?:event|hochzeits|trau|fest|feest|trouw)(?:location|locatie)",
    r"contact\w*|phone|tel|telefon\w*|email|e mail|coordinator|manager|type|notes?|address\w*|adres\w*|direccion|indirizzo|city|town|fee|hire|cost|parking|capacity|access|person|date|time|of birth|photo\w*|first look|getting ready|hotel|rehears\w*|url|website|map|birth|geburts\w*|naissance",
)
_PACKAGE = _soft(
    Subtype.PACKAGE_NAME,
    FieldType.TEXT,
    Category.SERVICES,
    r"packages?|collections?|paket\w*|\w*paket|forfaits?|formules?|paquetes?|packs?|pakket\w*|arrangement|pacchett[oi]|your choice|you have chosen|you chose|you have selected|you selected|option chosen|option selected|chosen option|selected option|service booked|services booked|booked service|servicio contratado|servizio scelto|prestation choisie|gebuchte leistung\w*|coverage",
    r"prices?|costs?|fees?|total|amount|payments?|terms|preis|prix|precio|prijs|prezzo|includes?|included|extras?|add ons?|upgrade\w*|hours|details|description|notes?|inhalt",
)
_COUPLE = _soft(
    None,
    FieldType.TEXT,
    Category.COUPLE,
    r"couples?|clients?|customers?|brides?|grooms?|newlyweds?|partners?|spouses?|hirers?|names?|hosts?|bill(?:ed)?(?: to)?|invoiced?(?: to)?|(?<=^ )(?:for|to|attention|attn)(?= $)|mari\w*|epoux|noms?|novios|pareja|nombres?|titulares?|contratantes?|client\w*|kund\w*|brautpaar\w*|paar|hochzeitspaar|auftraggeber\w*|vertragspartner|namen?|bruidspaar\w*|klant\w*|opdrachtgever\w*|sposi|coppia|committent\w*|intestat\w+|destinatari\w*",
    r"emergency|planner|coordinator|photographer|vendor|supplier|parents?|mother|father|witness\w*|officiant|best man|maid|company|business|contact on|day of|venue|children|pets?|band|dj|florist|caterer|account|bank|notfall|temoin\w*|testigo\w*|getuige\w*|testimon\w*|trauzeug\w*|package|file|user|signature|signed|printed",
)
_PHONE = _soft(
    Subtype.COUPLE_PHONE,
    FieldType.PHONE,
    Category.COUPLE,
    r"(?:tele)?phones?|mobiles?|cell\w*|tel|telf|call|reach|ring|text|telefon\w*|handy\w*|mobil\w*|rufnummer|telephone|portable|movil|telefono|gsm|mobiel\w*|telefoon\w*|cellulare",
    r"venue|vendor|supplier|photographer|planner|coordinator|emergency|office|studio|company|business|fax|guests?|account|invoice|order|reference|policy|licence|license|vat|tax|notfall|booking|day of",
)


def soft_meaning(label: str, answer: str) -> Meaning | None:
    """Meaning of ``label`` given that ``answer`` stands beside, behind or under it; None where either does not fit."""
    text = unnumbered(label).strip(" :?")
    longest = QUESTION_WORDS_MAX if label.rstrip().endswith("?") else LABEL_WORDS_MAX
    if (
        not text
        or len(text.split()) > longest
        or re.search(r"\d{2,}|[@$€£,;]", text)
        or not (text[0].isupper() or text[0] == "¿")
    ):
        return None
    folded = fold(text)
    return next((soft.meaning for soft in _fitting(answer) if _speaks_of(soft, folded)), None)


def _speaks_of(soft: _Soft, folded: str) -> bool:
    return soft.words.search(folded) is not None and soft.never.search(folded) is None


def _fitting(answer: str) -> tuple[_Soft, ...]:
    """What an answer of this form may be."""
    found = dates.find_dates(answer)
    if found:
        return (_DAY, _DUE) if found[0].start <= 4 else ()
    if re.match(r"[+(\d][\d ()/.–-]{7,}$", answer):
        return (_PHONE,)
    time = dates.find_time(answer)
    if time and time[0] == 0:
        return (_TIME,)
    if re.match(r"(?:ca\.? |approx\.? |about |~)?\d{1,4}\b(?![./-]\d)", answer) and len(answer) <= 40:
        return () if find_money(answer) else (_GUESTS,)
    if "@" in answer or is_sentence(answer) or not re.match(r"[“\"„«]?[^\W\d_a-zà-ÿ]", answer) or find_money(answer):
        return ()
    both = couple_in(answer)
    if both is not None and not is_company(answer):
        return (_COUPLE, _PACKAGE, _VENUE)
    if person_in(answer) is not None and len(answer.split()) >= 2:
        return (_PACKAGE, _VENUE)
    return () if names_no_package(answer) else (_PACKAGE, _VENUE)
