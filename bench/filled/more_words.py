"""Other names for the same things: WORKING ones beside those of ``words``, and KEPT_BACK ones only kept-back papers use."""

# ruff: noqa: E501 - a row of names reads better in one line

from __future__ import annotations

from bench.filled.facts import Facts
from bench.filled.words import LABELS

WORKING: dict[str, dict[str, str]] = {
    "en": {
        "couple": "Bride and groom|The couple|Couple’s names|Client(s)|Client names|Wedding couple|Customer",
        "first": "Partner one|Bride’s full name|Client 1|Spouse 1|Name of bride",
        "second": "Partner two|Groom’s full name|Client 2|Spouse 2|Name of groom",
        "email": "E-mail|Email contact|Client email|Your email|Contact e-mail",
        "phone": "Tel.|Phone number|Mobile no.|Contact phone|Client phone|Telephone no.",
        "wedding": "Wedding day|Event date|Day of the wedding|Your wedding date|Date of your wedding|Date of ceremony",
        "time": "Ceremony starts at|Ceremony start|Time of the ceremony|Wedding time|Start of ceremony",
        "venue": "Wedding location|Ceremony location|Venue of wedding|Place of ceremony|Event venue|Ceremony & reception venue",
        "street": "Address of the venue|Venue location address|Full venue address",
        "guests": "Guests expected|Approx. guests|Estimated number of guests|Headcount|Total guests|Number attending",
        "package": "Package booked|Your package|Collection selected|Package chosen|Selected package",
        "total": "Total amount|Contract value|Total investment|Package price|Total fee payable|Agreed fee|Total (inc. VAT)",
        "deposit": "Deposit received|Booking deposit|Deposit required|Retainer fee|Non-refundable deposit|Less deposit",
        "balance": "Amount outstanding|Balance outstanding|Final balance|Balance to pay|Balance remaining|Remaining amount",
        "due": "Balance due on|Final balance due|Pay by|To be paid by|Balance deadline|Final payment date",
        "signed": "Date of contract|Agreement dated|Date of this agreement|Contract dated",
        "vendor": "Business|Provider|The supplier|Studio|Vendor name|Your photographer",
        "signature": "Signature of the client|Client’s signature|Signed (client)|Client signature|Signature (Client)",
        "invoice": "INVOICE|Sales invoice|Final invoice|Deposit invoice",
        "contract": "Wedding Agreement|Contract for Services|Wedding Services Contract|Client Agreement|Event Contract",
        "bill_to": "Bill to:|Customer|Invoiced to|For",
    },
    "de": {
        "couple": "Das Brautpaar|Auftraggeber|Namen des Brautpaars|Eure Namen",
        "email": "E-Mail|Eure E-Mail-Adresse",
        "phone": "Tel.|Mobil|Telefon / Mobil",
        "wedding": "Hochzeit am|Tag der Hochzeit|Datum der Feier|Hochzeitstag",
        "time": "Trauung um|Uhrzeit der Zeremonie",
        "venue": "Ort|Ort der Hochzeit|Ort der Feier|Hochzeitslocation",
        "guests": "Gäste (ca.)|Erwartete Gäste|Personenzahl",
        "package": "Gewähltes Paket|Leistungspaket",
        "total": "Gesamtpreis|Gesamt|Summe|Gesamtbetrag inkl. MwSt.|Endbetrag",
        "deposit": "Anzahlung|Anzahlung (erhalten)|Abzgl. Anzahlung",
        "balance": "Restsumme|Noch zu zahlen|Restbetrag|Verbleibender Betrag",
        "due": "Fällig bis|Zahlbar bis spätestens|Restzahlung bis|Fälligkeit",
    },
    "fr": {
        "couple": "Les futurs mariés|Le client|Mariés",
        "email": "Adresse mail|Mail|E-mail",
        "phone": "Tél|Téléphone portable|Mobile",
        "wedding": "Mariage le|Jour du mariage|Date de la prestation",
        "time": "Début de la cérémonie|Cérémonie à",
        "venue": "Lieu de réception|Lieu de la prestation|Domaine",
        "guests": "Nombre de convives|Convives|Invités attendus",
        "package": "Forfait choisi|Formule retenue|Prestation choisie",
        "total": "Total TTC|Prix total TTC|Montant TTC|Total",
        "deposit": "Acompte (30 %)|Acompte reçu|Arrhes",
        "balance": "Solde restant|Reste dû|Solde dû|Net à payer",
        "due": "Solde à régler avant le|Date limite de paiement|Paiement avant le",
    },
    "es": {
        "couple": "Pareja|Nombres de los novios|Contratantes",
        "email": "Email|Correo de contacto",
        "phone": "Tel.|Teléfono móvil",
        "wedding": "Día de la boda|Fecha de boda|Fecha del enlace",
        "time": "Hora del enlace|Inicio de la ceremonia",
        "venue": "Lugar de celebración|Finca|Lugar del enlace",
        "guests": "Nº de comensales|Invitados previstos|Número de personas",
        "package": "Pack|Pack contratado|Servicio contratado",
        "total": "Total con IVA|Precio final|Importe",
        "deposit": "Reserva|Pago a cuenta|Señal entregada",
        "balance": "Pendiente|Resto pendiente|Pendiente de pago",
        "due": "Fecha límite de pago|Pagar antes del|Vence el",
    },
    "nl": {
        "couple": "Namen bruidspaar|Het bruidspaar|Klantnaam",
        "email": "Mail|E-mail adres",
        "phone": "Tel.|Mobiel nummer|Telefoonnr.",
        "wedding": "Bruiloft op|Datum trouwdag|Trouwdag",
        "time": "Start ceremonie|Aanvang ceremonie",
        "venue": "Locatie ceremonie|Plaats|Feestlocatie",
        "guests": "Aantal verwachte gasten|Verwachte gasten|Daggasten",
        "package": "Gekozen arrangement|Geboekt pakket",
        "total": "Totaal te betalen|Totaal inclusief btw|Totale prijs",
        "deposit": "Voorschot|Aanbetaling ontvangen",
        "balance": "Nog te voldoen|Resterend bedrag|Saldo",
        "due": "Te betalen voor|Betalen uiterlijk|Betaaldatum",
    },
    "it": {
        "couple": "Nomi degli sposi|Committenti",
        "email": "Mail|Email",
        "phone": "Tel.|Cell.|Recapito telefonico",
        "wedding": "Matrimonio del|Giorno del matrimonio|Data evento",
        "time": "Inizio cerimonia|Ora cerimonia",
        "venue": "Location del matrimonio|Luogo dell’evento|Sede",
        "guests": "N. invitati|Ospiti previsti|Coperti",
        "package": "Pacchetto prenotato|Servizio scelto",
        "total": "Totale IVA inclusa|Totale da pagare|Totale complessivo",
        "deposit": "Caparra versata|Anticipo|Acconto ricevuto",
        "balance": "Residuo|Saldo da versare|Rimanenza",
        "due": "Da saldare entro il|Saldo entro|Termine di pagamento",
    },
}
KEPT_BACK: dict[str, dict[str, str]] = {
    "en": {
        "couple": "Bride/Groom|Marrying couple|Names of clients|Client name|For the wedding of|Newlyweds",
        "first": "Name (partner 1)|First spouse|Bride name",
        "second": "Name (partner 2)|Second spouse|Groom name",
        "email": "Mail|Email (client)|Primary email|Preferred email",
        "phone": "Mobile number|Phone (client)|Primary phone|Telephone number|Cell",
        "wedding": "Wedding on|Date of event|Date of the big day|Function date|Date of marriage",
        "time": "Ceremony at|Time of wedding|Start time of ceremony|Ceremony begins",
        "venue": "Where|Location of wedding|Event location|Name of venue|Venue/location",
        "street": "Venue street address|Address (venue)",
        "guests": "Guest numbers|Size of party|Attendees|Anticipated guests|Covers",
        "package": "Package option|Package type|Photography package|Chosen collection",
        "total": "Total due|Fee|Overall price|Amount total|Contract amount|Total charge",
        "deposit": "Deposit amount|Initial payment|Advance payment|Deposit to secure date|Booking deposit paid",
        "balance": "Balance owing|Remainder|Outstanding|Remaining payment|Balance amount",
        "due": "Balance due before|Remainder due|Due on|Final payment by|Balance payment date",
        "signed": "Dated|Contract made on|Agreement made",
        "vendor": "Company name|Contractor|Supplier name|Your supplier",
        "signature": "Signature – Client|Couple’s signature|Customer signature|Sign here (client)",
        "contract": "Agreement|Contract of Engagement|Wedding Booking Agreement|Terms of Engagement",
    },
    "de": {
        "couple": "Hochzeitspaar|Vertragspartner", "wedding": "Veranstaltungstag|Trautermin", "venue": "Location / Ort|Veranstaltungslocation",
        "guests": "Zahl der Gäste|Gäste gesamt", "total": "Gesamtsumme brutto|Vereinbartes Honorar", "deposit": "Anzahlung bei Buchung|Vorauszahlung",
        "balance": "Restzahlung|Ausstehender Betrag", "due": "Zahlbar am|Restzahlung zahlbar bis", "phone": "Handynummer|Rufnummer", "email": "Mail|E-Mail-Kontakt",
    },
    "fr": {
        "couple": "Couple|Noms des futurs époux", "wedding": "Date des noces|Date prévue du mariage", "venue": "Salle|Lieu de l’événement",
        "guests": "Nombre total d’invités|Personnes attendues", "total": "Coût total|Prix de la prestation", "deposit": "Acompte à verser|Premier acompte",
        "balance": "Solde final|Montant restant", "due": "Solde exigible le|Échéance du solde", "phone": "N° de téléphone|Tél. mobile", "email": "Courrier électronique|Adresse électronique",
    },
    "es": {
        "couple": "Novios|Titulares", "wedding": "Fecha de celebración|Boda el día", "venue": "Espacio|Lugar del evento",
        "guests": "Total de invitados|Asistentes", "total": "Coste total|Presupuesto total", "deposit": "Primer pago|Depósito inicial",
        "balance": "Segundo pago|Saldo restante", "due": "Vencimiento del pago|Fecha de pago", "phone": "Número de teléfono|Telf.", "email": "Dirección de correo|Mail",
    },
    "nl": {
        "couple": "Naam bruidspaar|Opdrachtgever", "wedding": "Datum van de bruiloft|Dag van de bruiloft", "venue": "Locatie van de bruiloft|Zaal",
        "guests": "Totaal aantal gasten|Gastenaantal", "total": "Totaalsom|Eindbedrag", "deposit": "Eerste betaling|Aanbetaling (50%)",
        "balance": "Slotbetaling|Openstaand saldo", "due": "Uiterlijk te betalen op|Betaling vóór", "phone": "GSM|Telefoon overdag", "email": "Uw e-mail|Emailadres",
    },
    "it": {
        "couple": "Coppia|Futuri sposi", "wedding": "Data delle nozze|Nozze il", "venue": "Villa|Luogo del ricevimento e della cerimonia",
        "guests": "Totale ospiti|Partecipanti", "total": "Costo totale|Compenso totale", "deposit": "Anticipo versato|Primo acconto",
        "balance": "Saldo restante|Importo a saldo", "due": "Scadenza saldo|Entro il", "phone": "Numero cellulare|Tel. cellulare", "email": "Indirizzo mail|Posta elettronica",
    },
}  # fmt: skip


def name(facts: Facts, key: str, kept_back: bool = False) -> str:
    """One of the names of ``key`` in the document's language; kept-back papers have names of their own."""
    own = (KEPT_BACK if kept_back else WORKING)[facts.language].get(key)
    choices = (own or "").split("|") if own else []
    if not kept_back or not choices:
        choices += LABELS[facts.language][key].split("|")
    return facts.dice.choice(choices)
