"""The words by which wedding forms name things: one table per idea, English first, then fr, de, es, nl, it.

Patterns are matched against a folded label (``fold``). The first row that matches wins: special rows stand before general ones.
"""
# ruff: noqa: E501 - a row of synonyms reads better in one line

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from procession.domain.form import Category, FieldType, Subtype

_NOT_ASCII_WORD = re.compile(r"[^a-z0-9&#$€£%+]+")
_SPECIAL = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "’": "'", "‘": "'"})


@lru_cache(maxsize=8192)
def fold(text: str) -> str:
    """Lower case without accents or punctuation, words parted by one space, a space at both ends."""
    plain = text.lower()
    if not plain.isascii():
        plain = unicodedata.normalize("NFKD", text.translate(_SPECIAL).lower())
        plain = "".join(c for c in plain if not unicodedata.combining(c))
    plain = plain.replace("'", "")
    return f" {_NOT_ASCII_WORD.sub(' ', plain).strip()} "


def word_set(text: str) -> frozenset[str]:
    """The words of a text, for long lists of words."""
    return frozenset(text.split())


class Meaning(NamedTuple):
    pattern: re.Pattern[str]
    subtype: Subtype | None
    type: FieldType
    category: Category


def _row(subtype: Subtype | None, kind: FieldType, category: Category, *words: str) -> Meaning:
    return Meaning(re.compile("|".join(words)), subtype, kind, category)


_S, _T, _C = Subtype, FieldType, Category

_PARTNER_1 = r"(?:partner|spouse|person|applicant|party|client|mariee?|conjoint|ehepartner|partenaire|novio|sposo) ?(?:#? ?1|one|a|i|first) "
_PARTNER_2 = r"(?:partner|spouse|person|applicant|party|client|mariee?|conjoint|ehepartner|partenaire|novio|sposo) ?(?:#? ?2|two|b|ii|second) "
_FIRST = r" (?:first|1st|primary) (?:partner|spouse|person)"
_SECOND = r" (?:second|2nd|other|secondary) (?:partner|spouse|person)"
_BRIDE = r"(?<! of the)(?<! of) (?:bride|mariee|braut|novia|bruid|sposa)s? "
_GROOM = r"(?<! of the)(?<! of)(?<! les) (?:groom|bridegroom|mari|marie|brautigam|novio|bruidegom|sposo|fiancee?)s? "

_THING = r"(?:e ?mail|phone|mobile|cell|tel|telephone|telefon\w*|handy|address|adresse|occupation|signature|initials|unterschrift|religion|party|father|mother|parents?|family|side|attire|dress|shoes?|hair|makeup|bouquet|portion|birth|dob|age|instagram|pronouns|firma|cake|colou?rs?|suit|arriv\w+|getting|prep\w*|entrance|s)"

MEANINGS: tuple[Meaning, ...] = (
    # --- signatures and consents -----------------------------------------------------------------------------------
    _row(
        _S.VENDOR_SIGNATURE,
        _T.SIGNATURE,
        _C.CONTRACT,
        r" (?:vendor|supplier|photographer|planner|venue|caterer|company|provider|contractor|studio|florist|dj|band|videographer|officiant|seller|manager|authori[sz]ed|representative|business|anbieter|dienstleister|prestataire|proveedor|leverancier|fornitore)s? (?:\w+ )?(?:signature|signed|unterschrift|firma|handtekening)",
        r" signed for (?:and on behalf of )?(?:the )?(?:vendor|supplier|company|photographer|venue|caterer) ",
        r" (?:signature|signed by|unterschrift|firma|handtekening) (?:of |du |des |del |de |van |der )?(?:the )?(?:vendor|supplier|photographer|planner|caterer|company|provider|contractor|studio|venue|anbieters?|dienstleisters?|prestataire|proveedor|leverancier|fornitore) ",
    ),
    _row(
        None,
        _T.INITIALS,
        _C.CONTRACT,
        r"(?<! middle)(?<! name and)(?<! name or)(?<! m)(?<! and) initials? (?:here )?$",
        r"^ (?:initials|initialled|initial here) ",
        r" paraphe",
        r" initialen",
        r" iniziali",
        r" paraaf",
        r" kurzel",
    ),
    _row(
        None,
        _T.DATE,
        _C.CONTRACT,
        r" date (?:of )?(?:signature|signing|signed)",
        r" (?:signature|signing|signed) date",
        r" datum der unterschrift",
        r" date de (?:la )?signature",
        r" fecha de (?:la )?firma",
        r" data della firma",
    ),
    _row(
        _S.CLIENT_SIGNATURE,
        _T.SIGNATURE,
        _C.CONTRACT,
        r" signatures? (?!collection|package|cocktail|drink|dish|dance|style|event|look|song|scent|colou?r)",
        r" sign (?:here|below)",
        r" signed (?:by )?(?:the )?(?:client|customer|couple|bride|groom|partner|hirer)?s? ?$",
        r" unterschrift",
        r" handtekening",
        r" (?:su |la )?firma (?:del |della |de |dei )",
        r"^ firma $",
    ),
    # --- money -----------------------------------------------------------------------------------------------------
    _row(
        _S.BALANCE_DUE_DATE,
        _T.DATE,
        _C.CONTRACT,
        r" (?:balance|payment|final payment|remainder|amount|invoice) (?:is )?due (?:date|by|on|no later)",
        r" payments? due $",
        r" (?:pay|payable|paid|settle) (?:by|before|on or before|until)",
        r" (?:payment|balance|final payment) (?:date|deadline)",
        r"^ due(?: date| by| on)? $",
        r" due date",
        r" fallig(?:keit|keitsdatum| am| bis)?",
        r" zahlbar bis",
        r" (?:date d )?d?echeance",
        r" fecha (?:de )?(?:vencimiento|limite)",
        r" vencimiento",
        r" vervaldatum",
        r" (?:data di )?scadenza",
        r" date de(?:cheance| paiement)",
    ),
    _row(
        _S.DEPOSIT_AMOUNT,
        _T.CURRENCY,
        _C.CONTRACT,
        r" (?:deposit|retainer|booking fee|reservation fee|down ?payment|advance|prepayment|first (?:payment|instal?ment)|initial payment|save the date fee|holding fee|commitment fee) ",
        r" anzahlung",
        r" acompte",
        r" arrhes",
        r" (?:senal|anticipo|deposito) ",
        r" aanbetaling",
        r" (?:acconto|caparra)",
    ),
    _row(
        _S.BALANCE_DUE,
        _T.CURRENCY,
        _C.CONTRACT,
        r" (?:balance|remaining (?:balance|amount|fee|payment)|remainder|outstanding(?: amount| balance)?|amount (?:due|owing|outstanding)|final (?:payment|balance|instal?ment)|second (?:payment|instal?ment)|left to pay|still to pay|to pay) ",
        r" (?:restbetrag|restzahlung|schlusszahlung|offener betrag)",
        r" (?:solde|reste a payer)",
        r" (?:saldo|importe pendiente|resto) ",
        r" (?:restant|restbedrag|openstaand)",
    ),
    _row(
        _S.BUDGET_RANGE,
        _T.CURRENCY,
        _C.BUDGET,
        r" budget",
        r" price range",
        r" presupuesto",
        r" (?:how much|what) .*(?:spend|looking to spend)",
        r" (?:desired|planned|expected|estimated) (?:spend|investment)",
    ),
    _row(
        _S.TOTAL_AMOUNT,
        _T.CURRENCY,
        _C.CONTRACT,
        r" (?:contract|grand|order|invoice|final|overall|full|package|booking|agreed|estimated) (?:total|price|fee|amount|value|cost)",
        r" total (?:\w+ )?(?:fee|price|cost|amount|due|contract|investment|value|charge|sum)s? ",
        r"^ (?:total|totals|investment|your investment|price|fee|amount|cost|quote|quoted price|contract sum) $",
        r" total (?:payable|incl|including|inc|eur|usd|gbp|ttc|a payer|general|$)",
        r" (?:total|price|fee|cost) for (?:the )?(?:services|package|coverage|event|day)",
        r" (?:gesamt(?:betrag|preis|summe|kosten)?|rechnungsbetrag|endbetrag|honorar) ",
        r" (?:montant|prix|cout) total",
        r" (?:importe|precio|coste) total",
        r" (?:totaal(?:bedrag|prijs)?) ",
        r" (?:totale|importo totale|prezzo) ",
    ),
    # --- contract dates --------------------------------------------------------------------------------------------
    _row(
        _S.CONTRACT_DATE,
        _T.DATE,
        _C.CONTRACT,
        r" (?:contract|agreement|booking|issue|issued|effective|execution|quote|quotation|proposal) date",
        r" date (?:of )?(?:this )?(?:contract|agreement|issue|issued|booking|quotation|proposal|the agreement)",
        r"^ (?:issued|dated|issued on|dated this|made on) $",
        r" (?:vertrags|ausstellungs|angebots)datum",
        r" date (?:du|de) (?:contrat|devis|emission)",
        r" fecha (?:del? )?(?:contrato|emision)",
        r" (?:contract|offerte)datum",
        r" data (?:del )?(?:contratto|emissione)",
    ),
    # --- the couple ------------------------------------------------------------------------------------------------
    _row(
        None,
        _T.TEXT,
        _C.OTHER,
        r" (?:emergency|day of|on the day|onsite|on site|venue|planner|coordinator|vendor|notfall) (?:contact|coordinator|person|ansprechpartner)s? (?:persons? |full )?(?:name )?$",
    ),
    _row(
        _S.COUPLE_EMAIL,
        _T.EMAIL,
        _C.COUPLE,
        r" (?:e ?mails?|email|emailadres|courriel|correo(?: electronico)?|mail ?adresse|posta elettronica|mail) ",
    ),
    _row(
        _S.COUPLE_PHONE,
        _T.PHONE,
        _C.COUPLE,
        r" (?:tele)?phones? ",
        r" (?:mobile|cell|cellphone|tel|tel no|telephone|whatsapp|call you|contact no|contact number|best number|daytime number|reach you at) ",
        r" (?:telefon(?:nummer)?|handy(?:nummer)?|mobil(?:nummer)?|rufnummer|telefono|movil|cellulare|telefoon(?:nummer)?|portable|mobiel) ",
    ),
    _row(
        _S.PARTNER_1_NAME,
        _T.TEXT,
        _C.COUPLE,
        r" " + _PARTNER_1 + r"(?!.*" + _THING + r" )",
        _FIRST + r"(?!.*" + _THING + r" )",
        _BRIDE
        + r"(?!.*"
        + _THING
        + r" )(?:(?:first|full|last|legal|given)? ?(?:names?|nom|name|nombre|naam|nome)? ?)$",
        r" names? of (?:the )?bride ",
        r" (?:your|clients?|customers?) (?:full |first |legal )?name $",
        r"^ (?:full |your |first |client |contact |customer )?name $",
    ),
    _row(
        _S.PARTNER_2_NAME,
        _T.TEXT,
        _C.COUPLE,
        r" " + _PARTNER_2 + r"(?!.*" + _THING + r" )",
        _SECOND + r"(?!.*" + _THING + r" )",
        _GROOM
        + r"(?!.*"
        + _THING
        + r" )(?:(?:first|full|last|legal|given)? ?(?:names?|nom|name|nombre|naam|nome)? ?)$",
        r" names? of (?:the )?groom ",
        r" (?:your )?(?:partner|fiancee?|spouse|other half)s? (?:full |first |legal )?names? ",
    ),
    _row(
        None,
        _T.TEXT,
        _C.COUPLE,
        r" (?:couple|couples|clients|newlyweds|brautpaar|(?:los )?novios|(?:gli )?sposi|bruidspaar|(?:les )?maries)(?: (?:names?|details))? $",
        r" (?:names? of (?:the )?(?:couple|clients?|both)|full names|your names|both (?:your )?names|who is getting married|whos getting married)",
        r"^ (?:names|bill to|billed to|client|customer|invoice to|prepared for|for|hirer|the client|rechnung an|facture a|facturado a|factuur aan|kunde|klant|cliente|to) $",
    ),
    # --- times and timeline (before the wedding date: "ceremony time" is no date) ---------------------------------
    _row(
        _S.WEDDING_TIME,
        _T.TIME,
        _C.WEDDING,
        r" (?:wedding|ceremony|event|service) (?:start(?:ing|s)? )?(?:time|start $|at what time|begins at|starts at)",
        r" (?:start|starting) time (?:of )?(?:the )?(?:wedding|ceremony|event)?",
        r" (?:what )?time (?:of |is |does )(?:the |your )?(?:wedding|ceremony|event)",
        r" (?:uhrzeit|beginn) (?:der )?(?:trauung|zeremonie|hochzeit)?",
        r" heure (?:de )?(?:la )?(?:ceremonie|mariage)",
        r" hora de (?:la )?(?:ceremonia|boda)",
        r" (?:aanvangstijd|tijd ceremonie)",
        r" ora (?:della )?cerimonia",
    ),
    _row(
        _S.TIMELINE_PREFERENCES,
        _T.TEXTAREA,
        _C.TIMELINE,
        r" (?:timeline|schedule of (?:the )?day|order of (?:the )?day|running order|day schedule|itinerary|tagesablauf|ablauf|deroulement|programa|programma|dagindeling) ",
    ),
    _row(
        _S.WEDDING_DATE,
        _T.DATE,
        _C.WEDDING,
        r" (?:wedding|event|ceremony|marriage|big|elopement|reception|function|celebration|party) ?(?:day )?date",
        r" date of (?:the |your )?(?:wedding|event|ceremony|marriage|function|celebration|reception|elopement)",
        r" (?:when is|when are|whens) (?:the|your|you)",
        r"^ (?:when|wedding day|(?:the )?big day|event day) $",
        r" (?:hochzeits|trau|veranstaltungs)(?:datum|termin|tag)",
        r" (?:datum|tag) der (?:hochzeit|trauung|feier)",
        r" date (?:du |de )?(?:mariage|la ceremonie|levenement)",
        r" fecha de (?:la )?(?:boda|ceremonia|evento)",
        r" (?:trouw|huwelijks|bruilofts)(?:datum|dag)",
        r" data (?:del |delle )?(?:matrimonio|nozze|evento)",
    ),
    _row(
        _S.GUEST_COUNT,
        _T.NUMBER,
        _C.WEDDING,
        r" (?:guest|head|attendee) ?(?:count|number|numbers|total|estimate)",
        r" (?:number|no|how many|#|total|expected|estimated|approx\w*|anzahl|nombre|numero|aantal|final) (?:of |d |de |der |di )?(?:the |expected |anticipated |wedding |adult |total |your )?(?:guests?|people|attendees|persons?|pax|invites|gaste|invites|dinvites|invitados|gasten|invitati|ospiti|covers)",
        r"^ (?:guests?|headcount|pax|attendees|covers|party size|numbers|guest list size|attendance|gaste|gasteanzahl|gastezahl|invites|invitados|gasten|invitati|ospiti) $",
        r" (?:guests? (?:expected|invited|attending)|gastezahl|gasteanzahl)",
    ),
    # --- places ----------------------------------------------------------------------------------------------------
    _row(
        _S.VENUE_ADDRESS,
        _T.ADDRESS,
        _C.VENUE,
        r" (?:venue|ceremony|reception|event|wedding|location)s? (?:\w+ )?(?:address|addresses|postcode|adresse)",
        r" address of (?:the )?(?:\w+ )?(?:venue|ceremony|reception|event|location)",
        r" adresse (?:der location|du lieu)",
    ),
    _row(
        _S.RECEPTION_VENUE,
        _T.TEXT,
        _C.VENUE,
        r" (?:reception|party|breakfast|dinner|evening) (?:venue|location|site|place|held at)",
        r" (?:venue|location|place) (?:of|for) (?:the |your )?(?:reception|party|dinner)",
        r" (?:ort der feier|lieu de (?:la )?reception|lugar (?:del? )?(?:banquete|recepcion)|feestlocatie|luogo (?:del )?ricevimento)",
        r"^ reception $",
        r" where (?:is|will) (?:the |your )?reception",
    ),
    _row(
        _S.CEREMONY_VENUE,
        _T.TEXT,
        _C.VENUE,
        r" (?:ceremony|wedding|event|marriage|church) ?(?:venue|location|site|place|held at)",
        r" (?:venue|location|place|site) (?:of|for) (?:the |your )?(?:wedding|event|ceremony|marriage)",
        r"^ (?:the |your )?(?:venues?(?: s)?|where|location|ceremony|place|church|event location) (?:name )?$",
        r" venue(?:s)? name",
        r" name of (?:the |your )?(?:venue|church)",
        r" where (?:are|is|will|do) (?:you|your|the)",
        r" (?:trauort|hochzeitslocation|veranstaltungsort|ort der trauung|lieu (?:du |de (?:la )?)?(?:mariage|ceremonie)?|lugar (?:de (?:la )?)?(?:boda|ceremonia)?|trouwlocatie|locatie|luogo (?:del(?:la)? )?(?:matrimonio|cerimonia)?|location) $",
    ),
    # --- what is bought --------------------------------------------------------------------------------------------
    _row(
        _S.PACKAGE_NAME,
        _T.TEXT,
        _C.SERVICES,
        r" (?:package|collection|paket|forfait|formule|paquete|pakket|pacchetto)s? ",
        r"^ (?:coverage|plan|product|menu choice) (?:name|selected|chosen)? ?$",
    ),
    _row(
        _S.SERVICES_NEEDED,
        _T.TEXTAREA,
        _C.SERVICES,
        r" (?:services?|coverage|add ?ons?|extras) (?:\w+ )?(?:needed|required|requested|wanted|desired|booked|of interest|selected|options?)",
        r"^ (?:services?|coverage|add ?ons?|extras|optional extras|leistungen|prestations|servicios|diensten|servizi) $",
        r" (?:which|what) services",
        r" interested in ",
        r" services (?:included|do you)",
    ),
    _row(
        _S.SPECIAL_REQUESTS,
        _T.TEXTAREA,
        _C.PREFERENCES,
        r" (?:special|additional|other|further) (?:requests?|requirements?|instructions?|notes?|comments?|information|details|needs|wishes)",
        r" (?:anything|something) else",
        r" (?:sonderwunsche|besondere wunsche|demandes? particulieres?|peticiones especiales|bijzondere wensen|richieste speciali)",
    ),
    # --- the supplier ----------------------------------------------------------------------------------------------
    _row(
        _S.VENDOR_NAME,
        _T.TEXT,
        _C.CONTRACT,
        r" (?:vendor|supplier|photographer|videographer|planner|caterer|company|business|studio|provider|florist|dj|band|officiant|contractor|seller)s? (?:company |business )?names?",
        r"^ (?:the )?(?:vendor|supplier|photographer|videographer|planner|caterer|company|business|provider|florist|contractor|seller|prepared by|from|issued by|presented by|anbieter|dienstleister|prestataire|proveedor|leverancier|fornitore) $",
    ),
    # --- general wedding words that only set a category ------------------------------------------------------------
    _row(
        None,
        _T.TEXT,
        _C.COUPLE,
        r"^ (?:city|town|county|state|zip|zip code|postal code|postcode|plz|country)(?: (?:state|zip|country|code))* $",
    ),
    _row(
        None,
        _T.ADDRESS,
        _C.COUPLE,
        r" (?:mailing|postal|home|billing|street|current|residential|delivery|your|client) (?:\w+ )?address",
        r"^ (?:address|street address|address line \d|adresse|anschrift|direccion|adres|indirizzo) $",
    ),
    _row(
        None,
        _T.TIME,
        _C.TIMELINE,
        r" (?:arrival|start|end|finish|departure|setup|set up|pack ?down|load in|dinner|cocktail|first dance|cake cutting|getting ready|speeches|photographer|dj|band|coverage|toasts?|send off|last dance|processional|hair|makeup|guest) (?:\w+ )?times?",
        r" (?:times?|uhrzeit|heure|hora|tijd|orario) ",
        r" (?:served|begins?|starts?|ends?|finishes|arrives?|leaves?) at $",
    ),
    _row(None, _T.DATE, _C.OTHER, r" (?:date|dates|dated|datum|fecha|dob|birthday|geburtsdatum) ", r"^ data $"),
)
"""Meaning of a label: subtype, type and category. First match wins."""

TEXTAREA_WORDS = re.compile(
    r" (?:notes?|comments?|describe|description|details|vision|tell us|please (?:list|explain|provide|describe|share)|list (?:of|any|your|all)|explain|dietary|"
    r"allerg\w+|restrictions|must have|do not play|songs?|playlist|shot list|story|ideas|inspiration|thoughts|feedback|remarks|questions|other information|how did you meet|"
    r"bemerkung\w*|anmerkung\w*|commentaires?|remarques?|comentarios|observaciones|opmerkingen|note|commenti|names of)"
)
NUMBER_WORDS = re.compile(
    r" (?:number of|no of|how many|quantity|qty|count|age|hours|anzahl|nombre de|numero de|aantal|numero di|vendor meals|tables|children|adults|kids|people in|table pieces|buttonholes|boutonnieres|corsages|centrepieces|centerpieces) "
)
CURRENCY_WORDS = re.compile(
    r" (?:price|fee|cost|amount|paid|payment|charge|subtotal|tax|vat|tip|gratuity|discount|rate|[$€£]|usd|eur|gbp|betrag|preis|montant|prix|importe|precio|bedrag|prijs|importo|mwst|tva|iva|btw) "
)

CATEGORY_WORDS: tuple[tuple[Category, re.Pattern[str]], ...] = (
    (
        Category.BUDGET,
        re.compile(r" (?:budget|spend|price range|presupuesto)"),
    ),
    (
        Category.CONTRACT,
        re.compile(
            r" (?:contract|agreement|terms|payment|invoice|deposit|retainer|balance|fee|fees|price|total|tax|vat|amount|refund\w*|cancel\w*|consent|agree|accept|cheque|card|bank|transfer|paid|liabil\w+|signature|signed|initials|vertrag|contrat|contrato|contratto|overtime|vendor|supplier|marketing|release|publicity)"
        ),
    ),
    (
        Category.TIMELINE,
        re.compile(
            r" (?:timeline|schedule|time|times|arrival|arrive|start|finish|hour|hours|itinerary|getting ready|first look|first dance|speeches|toast|cake cutting|processional|recessional|send off|set ?up|rehearsal|ablauf|horaire|horario)"
        ),
    ),
    (
        Category.VENUE,
        re.compile(
            r" (?:venue|location|church|ballroom|ceremony site|parking|room|indoor|outdoor|rain plan|access|lieu|lugar|locatie|luogo|where|hotel|marquee|tent)"
        ),
    ),
    (
        Category.SERVICES,
        re.compile(
            r" (?:package|services?|coverage|photograph\w*|video\w*|drone|album|prints?|second shooter|photo ?booth|menu|catering|meals?|bar|drinks?|buffet|plated|family style|cocktail|dj|band|floral|flowers?|bouquets?|cake|hair|makeup|make up|rental|decor|add ?on|extras?|uplighting|canapes)"
        ),
    ),
    (
        Category.PREFERENCES,
        re.compile(
            r" (?:preferences?|prefer|style|vision|theme|colou?rs?|music|songs?|shots?|dietary|allerg\w*|vegetarian|vegan|gluten|requests?|favou?rite|must have|do not play|inspiration|mood|pinterest|wishes|like|dislike|notes?|comments?|anything else)"
        ),
    ),
    (
        Category.COUPLE,
        re.compile(
            r" (?:bride|groom|partner|couple|spouse|fiancee?|client|your name|name|email|e mail|phone|mobile|address|instagram|facebook|handle|pronouns|birth|contact|maiden|surname|occupation|married|honeymoon|meet|met)"
        ),
    ),
    (
        Category.WEDDING,
        re.compile(
            r" (?:wedding|ceremony|reception|guests?|bridal|bridesmaids?|groomsmen|ushers?|flower girl|ring bearer|officiant|vows|attendants|day|event|hochzeit|mariage|boda|bruiloft|matrimonio|children)"
        ),
    ),
)
"""Category of a label that names nothing in MEANINGS; most telling first."""
