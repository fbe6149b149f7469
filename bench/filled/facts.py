"""Invented weddings: who, when, where and for how much, printed as people of a country print it."""

# ruff: noqa: E501, SIM905 - long lists read better as text

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import phonenumbers

from bench.filled.sheet import Value

MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
}
DAYS = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "de": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "es": "lunes martes miércoles jueves viernes sábado domingo",
    "nl": "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
    "it": "lunedì martedì mercoledì giovedì venerdì sabato domenica",
}
FIRST_NAMES = "Emma Noah Olivia Liam Ava Ethan Grace Oliver Isla Finn Siobhán Niamh Anna-Lena Jean-Luc María Zoë Priya Arjun Fatima Oluwaseun Mei Hiroshi Katarína Björn Élodie Thérèse Giulia Lorenzo Sanne Daan Lotte Lucía Íñigo Hélène Jürgen Greta Charlotte Theo Harper Mason Imogen Rhys Aoife Cillian Aisha Omar Beatriz Rafael Ingrid Lars Yusuf Leila".split()
LAST_NAMES = "Clarke|Patel|O’Connor|García-López|von Berg|de la Cruz|van der Meer|Müller|Lefèvre|Rossi|Okafor|Nguyen|Kim|Al-Sayed|Adeyemi|MacDonald|Fitzgerald|Dubois|Moretti|Jansen|Schäfer|Sørensen|Nakamura|Silva|Hughes|Walker|Thompson|Brennan|D’Angelo|Delacroix|Bauer|Vermeulen|Ferrari|Ruiz Ortega|Castillo|Whitaker|Ashworth|Huber".split(
    "|"
)
VENDORS = "Saffron & Sage Catering|Northlight Photography|The Velvet Note|Wild Thistle Flowers|Harbour Lane Events|Oak & Ivory Weddings|Bright Fox Films|Stonebridge Manor|Lumen Studio|Casa Fiorita|Atelier Lavande|Blumenwerk Huber|Paper Heron Stationery|Sugarloaf Cakes|Petit Four Pâtisserie|Two Rivers String Quartet|Golden Acre Barn|Tempo Rosso Band|Van Dalen Fotografie|Estudio Alameda|Mosaic Marquees|Evermore Celebrants|Kite & Compass".split(
    "|"
)
LEGAL = {
    "US": ("LLC", "Inc.", "", "", "Co."),
    "GB": ("Ltd", "", "", "Limited"),
    "IE": ("Ltd", ""),
    "AU": ("Pty Ltd", "", ""),
    "DE": ("GmbH", "", "UG"),
    "FR": ("SARL", ""),
    "ES": ("S.L.", ""),
    "NL": ("B.V.", ""),
    "IT": ("S.r.l.", ""),
}
PACKAGES = {
    "en": "Silver Package|The Full Day|Heritage Collection|Essentials|Bronze|Sunset Celebration|Signature Package|Complete Coverage",
    "de": "Paket Gold|Ganztagesreportage|Rundum-Sorglos|Paket Klassik",
    "fr": "Formule Prestige|Journée complète|Formule Élégance|Essentiel",
    "es": "Paquete Oro|Jornada completa|Paquete Esencial|Romance",
    "nl": "Pakket Compleet|Hele dag|Pakket Zilver|Romantiek",
    "it": "Pacchetto Oro|Giornata intera|Pacchetto Classico|Eleganza",
}
VENUES = {
    "US": "The Foundry at Puritan Mill|Rosewood Ranch|Lakeside Pavilion|St. Mark’s Cathedral|Blue Heron Farm",
    "GB": "Ashdown Manor|The Tithe Barn|St Mary’s Church|Kew Glasshouse|Lochside Lodge",
    "IE": "Ballymore House|Kilbride Castle|The Boathouse",
    "AU": "Banksia Homestead|The Old Woolshed|St Kilda Pavilion|Eucalypt Ridge Estate",
    "DE": "Schloss Lindenau|Gut Birkenhof|Alte Mühle|Villa am See",
    "FR": "Château de Bellerive|Domaine des Tilleuls|Mas Saint-Rémy",
    "ES": "Finca La Encina|Hacienda del Río|Masía Can Roca",
    "NL": "Kasteel Duinrust|Landgoed De Eik|De Oude Pastorie",
    "IT": "Villa Bellavista|Tenuta San Marco|Castello di Roccabruna",
}
STREETS = {
    "US": "{n} Magnolia Avenue, Savannah, GA 31401|{n} County Road 12, Boulder, CO 80302|{n} Main Street, Austin, TX 78701",
    "GB": "{n} Church Lane, Bath BA1 1AB|{n} Mill Road, York YO1 7HH|{n} High Street, Edinburgh EH1 1TH",
    "IE": "{n} Quay Street, Galway|{n} Castle Road, Kinsale, Co. Cork",
    "AU": "{n} Wattle Street, Fremantle WA 6160|{n} Beach Road, Byron Bay NSW 2481",
    "DE": "Lindenweg {n}, 80331 München|Hauptstraße {n}, 50667 Köln",
    "FR": "{n} rue des Lilas, 69003 Lyon|{n} avenue Foch, 06000 Nice",
    "ES": "Calle Mayor {n}, 28013 Madrid|Avenida del Mar {n}, 08005 Barcelona",
    "NL": "Dorpsstraat {n}, 3511 AB Utrecht|Havenkade {n}, 1011 AB Amsterdam",
    "IT": "Via Garibaldi {n}, 50123 Firenze|Piazza Dante {n}, 20121 Milano",
}
PHONES = {
    "US": ("({a}) 555-01{b}", "{a}-555-01{b}", "{a}.555.01{b}", "+1 {a} 555 01{b}", "1-{a}-555-01{b}"),
    "GB": ("07700 900{c}", "+44 7700 900{c}", "020 7946 0{c}", "+44 (0)7700 900{c}", "(0161) 496 0{c}"),
    "IE": ("+353 87 55{d}", "087 555 {c}1", "+353 (0)86 55{d}"),
    "AU": ("0491 570 1{e}", "+61 491 570 1{e}", "(02) 5550 {a}1"),
    "DE": ("0171 39{d}", "+49 171 39{d}", "089/99998{c}", "+49 (0) 30 2312{c}"),
    "FR": ("06 39 98 {e} {f}", "+33 6 39 98 {e} {f}", "01.99.00.{e}.{f}"),
    "ES": ("612 34 {e} {f}", "+34 612 34 {e} {f}", "+34 91 234 {e} {f}"),
    "NL": ("06-1234{e}{f}", "+31 6 1234 {e}{f}", "020 123 {e}{f}"),
    "IT": ("347 123 {e}{f}", "+39 347 123 {e}{f}", "+39 02 1234 {e}{f}"),
}
_CHURCHES = {
    "en": ("St Brendan’s Chapel", "Trinity Church, Millbrook", "The Rose Garden", "City Hall"), "de": ("Marienkirche", "Standesamt Mitte"), "fr": ("Église Saint-Pierre", "Mairie du Vieux Bourg"),
    "es": ("Iglesia de San Andrés", "Ermita del Carmen"), "nl": ("Grote Kerk", "Stadhuis Leiden"), "it": ("Chiesa di San Biagio", "Duomo di Torrechiara"),
}  # fmt: skip
_PARTY_PLACES = {
    "en": ("Harcourt Hall", "The Glass Pavilion", "Riverbend Barn"), "de": ("Landgasthof Krone", "Schloss Weitblick"), "fr": ("Domaine de la Source", "Manoir des Ormes"),
    "es": ("Finca Los Olmos", "Restaurante El Mirador"), "nl": ("Landgoed Zonneveld", "Restaurant De Haven"), "it": ("Villa dei Cedri", "Tenuta La Vigna"),
}  # fmt: skip
_TITLES = {
    "en": (("Ms", "Mr"), ("Dr", "Ms"), ("Mr", "Mr")), "de": (("Frau", "Herr"), ("Frau Dr.", "Herr")), "fr": (("Mme", "M."),),
    "es": (("Sra.", "Sr."), ("Dª", "D.")), "nl": (("Mevr.", "Dhr."),), "it": (("Sig.ra", "Sig."),),
}  # fmt: skip
CURRENCY = {"US": "USD", "GB": "GBP", "AU": "AUD"}
LANGUAGE = {"US": "en", "GB": "en", "IE": "en", "AU": "en", "DE": "de", "FR": "fr", "ES": "es", "NL": "nl", "IT": "it"}
DATE_STYLES = {
    "US": ("{B} {d}, {Y}", "{m:02}/{d:02}/{Y}", "{A}, {B} {d}, {Y}", "{m}/{d}/{Y}", "{b} {d}, {Y}", "{B} {o}, {Y}"),
    "GB": ("{d} {B} {Y}", "{d:02}/{m:02}/{Y}", "{A} {o} {B} {Y}", "{d:02}.{m:02}.{Y}", "{o} of {B} {Y}", "{d} {b} {Y}"),
    "IE": ("{d} {B} {Y}", "{d:02}/{m:02}/{Y}", "{A}, {d} {B} {Y}", "{d:02}-{m:02}-{Y}"),
    "AU": ("{d} {B} {Y}", "{d:02}/{m:02}/{Y}", "{A} {d} {B} {Y}", "{d:02}-{b}-{Y}"),
    "DE": ("{d:02}.{m:02}.{Y}", "{d}. {B} {Y}", "{A}, {d}. {B} {Y}", "{d}.{m}.{y:02}", "{A}, den {d:02}.{m:02}.{Y}"),
    "FR": ("{d} {B} {Y}", "{d:02}/{m:02}/{Y}", "{A} {d} {B} {Y}", "le {d} {B} {Y}"),
    "ES": ("{d} de {B} de {Y}", "{d:02}/{m:02}/{Y}", "{A}, {d} de {B} de {Y}", "{d} {B} {Y}"),
    "NL": ("{d} {B} {Y}", "{d:02}-{m:02}-{Y}", "{A} {d} {B} {Y}", "{d}-{m}-{Y}"),
    "IT": ("{d} {B} {Y}", "{d:02}/{m:02}/{Y}", "{A} {d} {B} {Y}", "{d}/{m}/{Y}"),
}


@dataclass(frozen=True, slots=True)
class Facts:
    dice: random.Random
    country: str
    language: str
    first: Value
    second: Value
    join: str
    email: Value
    phone: Value
    vendor: Value
    vendor_email: str
    vendor_phone: str
    vendor_street: str
    vendor_person: str
    home_street: str
    wedding: Value
    due: Value
    signed: Value
    other_days: tuple[str, ...]
    """Printed days that are none of the core dates: deposit's, delivery's, expiry's, a birthday."""
    time: Value
    total: Value
    deposit: Value
    balance: Value
    subtotal: str
    tax: str
    others: tuple[str, ...]
    """Amounts that are no core value: an hour's rate, travel, a late fee."""
    currency: str
    guests: Value
    package: Value
    venue: Value
    street: Value
    party: Value
    """Where the reception is, of papers that name both places; then ``church`` is where the ceremony is."""
    church: Value
    number: str

    @property
    def english(self) -> bool:
        return self.language == "en"

    def couple(self) -> tuple[Value | str, ...]:
        return (self.first, self.join, self.second)

    def titled(self) -> tuple[Value | str, ...]:
        """The couple as letters and contracts address it: sometimes with titles, never part of the names."""
        if self.dice.random() < 0.75:
            return self.couple()
        one, two = self.dice.choice(_TITLES[self.language])
        return (f"{one} ", self.first, f"{self.join}{two} ", self.second)

    def pick(self, *choices: str) -> str:
        return self.dice.choice(choices)


def invent(seed: str, country: str) -> Facts:
    """One wedding. The same seed gives the same one."""
    dice = random.Random(seed)
    language = LANGUAGE[country]
    names = [f"{dice.choice(FIRST_NAMES)} {dice.choice(LAST_NAMES)}" for _ in range(2)]
    while names[0].split()[0] == names[1].split()[0]:
        names[1] = f"{dice.choice(FIRST_NAMES)} {dice.choice(LAST_NAMES)}"
    if dice.random() < 0.12:
        names[1] = f"{names[1].split(' ')[0]} {names[0].split(' ', 1)[1]}"
    joins = {"de": " und ", "fr": " et ", "es": " y ", "nl": " en ", "it": " e "}
    join = dice.choice((joins.get(language, " and "), " & "))
    vendor = dice.choice(VENDORS)
    legal = dice.choice(LEGAL[country])
    site = _plain(vendor.split(" ")[0] if dice.random() < 0.15 else vendor)
    ending = {"US": "com", "GB": "co.uk", "AU": "com.au"}.get(country, country.lower())
    local = [_plain(part) for part in names[0].replace("-", "").split(" ")]
    address = dice.choice((f"{local[0]}.{local[-1]}", f"{local[0]}{dice.randint(1, 99)}", f"{local[0]}_{local[-1]}"))
    mail_host = dice.choice(("gmail.com", "outlook.com", "icloud.com", "web.de" if country == "DE" else "yahoo.com"))
    wedding = date(2026, 3, 1) + timedelta(days=dice.randint(0, 900))
    signed = wedding - timedelta(days=dice.randint(120, 420))
    due = wedding - timedelta(days=dice.choice((7, 14, 21, 30, 45, 60)))
    style = dice.choice(DATE_STYLES[country])
    style_due = style if dice.random() < 0.6 else dice.choice(DATE_STYLES[country])
    total = Decimal(dice.randint(12, 240) * 50)
    deposit = (total * dice.choice((20, 25, 30, 50)) / 100).quantize(Decimal(1))
    currency = CURRENCY.get(country, "EUR")
    money_style = dice.randint(0, 3)
    tax = (total / 11).quantize(Decimal("0.01"))

    def money(amount: Decimal) -> str:
        return printed_money(amount, country, money_style)

    def amount(subtype: str, figure: Decimal) -> Value:
        return Value((subtype,), f"{figure:.2f}", money(figure))

    def day(subtype: str, when: date, how: str) -> Value:
        return Value((subtype,), when.isoformat(), printed_day(when, how, language))

    hour, minute = dice.randint(11, 17), dice.choice((0, 15, 30))
    clock = f"{hour - 12 if hour > 12 else hour}:{minute:02} {'pm' if hour >= 12 else 'am'}"
    guests = dice.randint(18, 260)
    shown = {
        "en": (
            clock,
            clock,
            clock.replace(" ", ""),
            clock.replace(":", ".").replace(" ", ""),
            f"{hour}:{minute:02}",
            clock.upper(),
        ),
        "de": (f"{hour}:{minute:02} Uhr", f"{hour}.{minute:02} Uhr", f"{hour}:{minute:02}"),
        "fr": (f"{hour}h{minute:02}", f"{hour}:{minute:02}", f"{hour} h {minute:02}"),
    }.get(language, (f"{hour}:{minute:02}", f"{hour}:{minute:02} h", f"{hour}.{minute:02}"))
    return Facts(
        dice=dice,
        country=country,
        language=language,
        first=Value(("partner_1_name",), names[0], names[0]),
        second=Value(("partner_2_name",), names[1], names[1]),
        join=join,
        email=Value(("couple_email",), f"{address}@{mail_host}", f"{address}@{mail_host}"),
        phone=_phone(dice, country),
        vendor=Value(("vendor_name",), f"{vendor} {legal}".strip(), f"{vendor} {legal}".strip()),
        vendor_email=f"{_plain(vendor)}@gmail.com"
        if dice.random() < 0.12
        else f"{dice.choice(('hello', 'info', 'studio', 'bookings', _plain(dice.choice(FIRST_NAMES))))}@{site}.{ending}",
        vendor_phone=_phone(dice, country).text,
        vendor_street=dice.choice(STREETS[country].split("|")).format(n=dice.randint(1, 140)),
        vendor_person=f"{dice.choice(FIRST_NAMES)} {dice.choice(LAST_NAMES)}",
        home_street=dice.choice(STREETS[country].split("|")).format(n=dice.randint(1, 140)),
        wedding=day("wedding_date", wedding, style),
        due=day("balance_due_date", due, style_due),
        signed=day("contract_date", signed, style_due),
        other_days=tuple(
            printed_day(signed + timedelta(days=dice.randint(2, 60)), style_due, language) for _ in range(3)
        ),
        time=Value(
            ("wedding_time",),
            f"{hour:02}:{minute:02}",
            dice.choice(shown),
        ),
        total=amount("total_amount", total),
        deposit=amount("deposit_amount", deposit),
        balance=amount("balance_due", total - deposit),
        subtotal=money(total - tax),
        tax=money(tax),
        others=tuple(money(Decimal(dice.choice(steps))) for steps in ((75, 95, 150), (45, 180, 60), (35, 50, 25))),
        currency=currency,
        guests=Value(("guest_count",), guests, str(guests)),
        package=_plain_value(("package_name",), dice.choice(PACKAGES[language].split("|"))),
        venue=_plain_value(("ceremony_venue", "reception_venue"), dice.choice(VENUES[country].split("|"))),
        street=_plain_value(
            ("venue_address",), dice.choice(STREETS[country].split("|")).format(n=dice.randint(1, 140))
        ),
        party=_plain_value(("reception_venue",), dice.choice(_PARTY_PLACES[language])),
        church=_plain_value(("ceremony_venue",), dice.choice(_CHURCHES[language])),
        number=f"{dice.choice(('INV-', '', 'WED', '#'))}{dice.randint(2024, 2027)}-{dice.randint(1, 999):03}",
    )


def printed_day(when: date, style: str, language: str) -> str:
    """``style`` as in DATE_STYLES: d, m, Y, y figures; B, b month names; A weekday; o ordinal."""
    month = MONTHS[language].split()[when.month - 1]
    suffix = "th" if 10 <= when.day % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(when.day % 10, "th")
    return style.format(
        d=when.day,
        m=when.month,
        Y=when.year,
        y=when.year % 100,
        B=month,
        b=month[:3],
        A=DAYS[language].split()[when.weekday()],
        o=f"{when.day}{suffix}",
    )


def printed_money(amount: Decimal, country: str, style: int) -> str:
    whole, cents = f"{amount:,.2f}".split(".")
    if country in ("US", "GB", "IE", "AU"):
        sign = {"US": "$", "GB": "£", "IE": "€", "AU": "$" if style != 1 else "A$"}[country]
        code = {"US": "USD", "GB": "GBP", "IE": "EUR", "AU": "AUD"}[country]
        short = whole if cents == "00" else f"{whole}.{cents}"
        return (f"{sign}{whole}.{cents}", f"{sign}{short}", f"{code} {whole}.{cents}", f"{sign}{whole}.{cents}")[style]
    point = " " if country == "FR" else "."
    european = whole.replace(",", point)
    dash = ",-" if cents == "00" and country in ("NL", "DE") else f",{cents}"
    return (f"{european},{cents} €", f"€ {european},{cents}", f"EUR {european},{cents}", f"{european}{dash} €")[style]


def _phone(dice: random.Random, country: str) -> Value:
    figures = {
        "a": dice.choice(("212", "415", "503", "786")),
        "b": f"{dice.randint(0, 99):02}",
        "c": f"{dice.randint(100, 999)}",
        "d": f"{dice.randint(10000, 99999)}",
        "e": f"{dice.randint(10, 99)}",
        "f": f"{dice.randint(10, 99)}",
    }
    text = dice.choice(PHONES[country]).format(**figures)
    number = phonenumbers.parse(text.replace("(0)", ""), country)
    return Value(("couple_phone",), phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), text)


def _plain_value(subtypes: tuple[str, ...], text: str) -> Value:
    return Value(subtypes, text, text)


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text.lower().replace("&", "and").replace("ø", "o"))
    return "".join(c for c in folded if c.isascii() and c.isalnum())
