"""The words that tell dates and amounts apart in sentences and rows, in six languages (letters without accents)."""

# ruff: noqa: E501 - a pattern with its synonyms reads better in one line

from __future__ import annotations

from procession.digitize.values.assign import role
from procession.domain.form import Subtype

DEPOSIT_WORDS = (
    r"(?:non refundable |nonrefundable |initial |booking |reservation )?(?:deposit|retainer)|booking fee|reservation fee|down payment|downpayment|"
    r"first payment|first instal?ment|initial payment|advance|advance payment|holding fee|prepayment|"
    r"(?:an|voraus)zahlung|acompte|arrhes|premier versement|senal|anticipo|pago a cuenta|primer pago|aanbetaling|voorschot|acconto|caparra(?: confirmatoria)?|"
    r"to (?:secure|reserve|hold|book) (?:the|your|our) date"
)
BALANCE_WORDS = (
    r"(?:remaining |outstanding |final |full )?balance|remaining (?:amount|fee|payment|sum)|remaining|remainder|outstanding|final payment|final instal?ment|"
    r"leaves|leaving|second payment|amount due|amount owing|still owed|left to pay|rest of the (?:fee|price)|"
    r"restbetrag\w*|rest(?:zahlung|summe)|restlichen?|rest|schlusszahlung|offene[rn]? betrag|solde|reste|restant|saldo|(?:importe )?pendiente|resto|importe restante|"
    r"restant|restbedrag|resterende?|openstaande?|residuo|rimanente|rimanenza"
)
TOTAL_WORDS = (
    r"(?:sub)?total (?:fee|price|cost|charge|amount|sum|investment|contract price)|total|contract price|contract sum|contract value|fee|fees|price|investment|grand total|"
    r"(?:will|shall|agrees? to|to) pay(?: (?:the|us) (?:supplier|vendor|company|photographer|provider)?)?|cost|costs|agreed fee|agreed price|quote|quoted|sum of|gesamt\w*|preis|honorar|gesamthonorar|kosten|montant|montant total|prix|prix total|cout|importe|importe total|precio|precio total|"
    r"coste|totaal\w*|totale prijs|prijs|bedraagt|totale|importo|importo totale|prezzo|prezzo totale|costo"
)
DATE_ROLES = (
    role(
        Subtype.WEDDING_DATE,
        r"(?:your |the |our )?(?:wedding|event|ceremony) (?:day|date)|wedding|weddings|event|ceremony|marriage|married|marry|nuptials|big day|celebrat\w+|reception|held on|takes? place|taking place|"
        r"save the date|(?:be )?with you on|your day|look after|when|elopement|function|hochzeit\w*|trauung\w*|veranstaltung\w*|eheschliessung|findet|mariage|aura lieu|noces|boda|se celebrara|enlace|bruiloft|trouw\w*|huwelijk\w*|"
        r"vindt plaats|matrimonio|nozze|si terra|si celebrera",
    ),
    role(
        Subtype.BALANCE_DUE_DATE,
        r"due|due date|no later than|not later than|pay by|payable|please pay|payment|paid|on or before|(?:must|to) reach us|settled?|be received|"
        rf"{BALANCE_WORDS}|fallig\w*|zahlbar|zu zahlen|uberweisen|echeance|a regler|regler|au plus tard|exigible|du le|vencimiento|se pagara|se abonara|pagar\w*|antes del|"
        r"vervaldatum|uiterlijk|te betalen|over te maken|betaald|scadenza|entro|dovuto|versare",
    ),
    role(
        Subtype.CONTRACT_DATE,
        r"agreement|contract|entered into|dated|made on|made this|made and entered|made as of|effective|date of issue|issue date|issued|as of|"
        r"agreement date|quote date|proposal date|prepared on|vertrag\w*|ausgestellt|contrat|fait a|contrato|en fecha|overeenkomst|contratto|stipulato",
    ),
    role(
        None,
        rf"{DEPOSIT_WORDS}|deposit paid|signatures?|signed|sign|signing|expires?|expiry|valid until|valid|deliver\w*|rehearsal|"
        r"cancel\w*|birth|born|dob|tasting|arrival|engagement|consultation|proof|gallery|meeting|met|visit|revised|updated|printed|"
        r"menu choices?|final numbers|numbers|on booking|on signing|has been received|was received|received|instal?ment 1|"
        r"gultig|probe\w*|geboren|lieferung|valable|livraison|repetition|valid[oa] hasta|entrega|ensayo|geldig|levering|repetitie|valid[oa] fino|consegna|prove",
    ),
)
MONEY_ROLES = (
    role(Subtype.DEPOSIT_AMOUNT, DEPOSIT_WORDS),
    role(Subtype.BALANCE_DUE, BALANCE_WORDS + "|to pay"),
    role(Subtype.TOTAL_AMOUNT, TOTAL_WORDS),
    role(
        None,
        r"overtime|late fees?|late payment|travel|each|per person|per head|hourly|additional|additional hours?|subtotal|sub total|tax|vat|discount|"
        r"interest|penalty|security deposit|damage deposit|damage bond|bond|damages?|breakages?|insurance|mileage|extra|extra hours?|unit price|gratuity|tip|service charge|parking|"
        r"refunded|up to|budget|mwst|umsatzsteuer|tva|iva|btw|zusatzstunde|weitere stunde|jede|heure supplementaire|hora (?:extra|adicional)|extra uur|ora (?:extra|aggiuntiva)|"
        r"anfahrt|deplacement|desplazamiento|reiskosten|trasferta|netto|imponible|imponibile|sous total|subtotaal",
    ),
)
DEPOSIT_OR_BALANCE = (
    role(Subtype.DEPOSIT_AMOUNT, DEPOSIT_WORDS),
    role(Subtype.BALANCE_DUE, BALANCE_WORDS + r"|final|entire|full amount|invoice|total"),
)
"""Of which of the two a date of payment is."""
