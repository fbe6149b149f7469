"""Documents that already say something: two contracts, an invoice, and a form a couple has filled in."""

from __future__ import annotations

from examples.forms import BARN
from examples.paper import A4, SOFT, Ask, Paper, Vendor

PHOTOGRAPHER = Vendor(
    "Tin Lantern Photography",
    "Documentary wedding photography",
    "#33475b",
    "7 Sample Mews, Springfield",
    "+1 555 0118",
    "book@tinlantern.example.com",
)
BAND = Vendor(
    "Velvet Turntable",
    "Wedding DJ and live sound",
    "#4a3f7a",
    "Unit 9, Example Yard, Springfield",
    "+1 555 0125",
    "play@velvetturntable.example.com",
)


def photography_contract() -> Paper:
    """Prose, signed by both parties."""
    p = Paper(PHOTOGRAPHER, "Wedding Photography Agreement", air=8)
    p.prose(
        [
            ("This agreement is made on ", None, None),
            ("March 2, 2027", "contract_date", "2027-03-02"),
            (" between ", None, None),
            ("Tin Lantern Photography", "vendor_name", "Tin Lantern Photography"),
            (" (the Photographer) and ", None, None),
            ("Avery Sample", "partner_1_name", "Avery Sample"),
            (" and ", None, None),
            ("Jordan Placeholder", "partner_2_name", "Jordan Placeholder"),
            (" (the Clients), who can be reached at ", None, None),
            ("avery.jordan@example.com", "couple_email", "avery.jordan@example.com"),
            (" and ", None, None),
            ("+1 (212) 555-0142", "couple_phone", "+12125550142"),
            (".", None, None),
        ]
    )
    p.section("1. The wedding")
    p.prose(
        [
            ("The Photographer will photograph the wedding on ", None, None),
            ("Saturday, September 18, 2027", "wedding_date", "2027-09-18"),
            (" from ", None, None),
            ("2:30 PM", "wedding_time", "14:30"),
            (" at ", None, None),
            ("Larkspur Barn", "ceremony_venue", "Larkspur Barn"),
            (", Sample Lane 4, Springfield, with about ", None, None),
            ("120", "guest_count", 120),
            (" guests expected.", None, None),
        ]
    )
    p.section("2. Package and fees")
    p.prose(
        [
            ("The Clients have chosen the ", None, None),
            ("Golden Hour Package", "package_name", "Golden Hour Package"),
            (" (nine hours, two photographers, online gallery) at a total fee of ", None, None),
            ("$4,200.00", "total_amount", "4200.00"),
            (". A non-refundable deposit of ", None, None),
            ("$1,050.00", "deposit_amount", "1050.00"),
            (" holds the date and is due on signing. The remaining balance of ", None, None),
            ("$3,150.00", "balance_due", "3150.00"),
            (" is due on ", None, None),
            ("August 18, 2027", "balance_due_date", "2027-08-18"),
            (".", None, None),
        ]
    )
    _photography_terms(p)
    p.section("Signatures")
    p.y += 14
    _sign(p, "Client signature", "client_signature", "March 2, 2027")
    _sign(p, "Photographer signature", "vendor_signature", "March 3, 2027")
    return p


def _photography_terms(p: Paper) -> None:
    for title, words in (
        (
            "3. Delivery",
            (
                "At least 450 edited photographs are delivered within six weeks in an online gallery that stays open "
                "for a year. Raw files are not part of the delivery."
            ),
        ),
        (
            "4. Cancellation and postponement",
            (
                "If the Clients cancel less than 60 days before the wedding, the full fee is due. A wedding that "
                "moves to a free date within twelve months keeps its deposit."
            ),
        ),
        (
            "5. Use of photographs",
            (
                "The Photographer keeps the copyright and gives the Clients an unlimited licence for private use. "
                "Photographs are shown in the portfolio unless the Clients object in writing."
            ),
        ),
    ):
        p.section(title)
        p.paragraph(words, 9.5)


def _sign(p: Paper, label: str, subtype: str, date: str) -> None:
    p.row(
        [
            Ask(label, "signature", subtype, True, weight=1.8, value="signed"),
            Ask("Date", "date", None, True, value=date),
        ]
    )
    p.y += 6


def venue_contract() -> Paper:
    """A table of terms; initials and signatures still to be given."""
    p = Paper(BARN, "Venue Hire Contract", A4)
    p.facts(
        [
            ("Venue", "Larkspur Barn, Sample Lane 4, Springfield", None, None),
            ("Contract date", "11 January 2027", "contract_date", "2027-01-11"),
            ("Partner 1", "Robin Example", "partner_1_name", None),
            ("Partner 2", "Casey Specimen", "partner_2_name", None),
            ("Email", "robin.casey@example.com", "couple_email", None),
            ("Phone", "+1 212 555 0163", "couple_phone", "+12125550163"),
            ("Wedding date", "Friday 18 June 2027", "wedding_date", "2027-06-18"),
            ("Number of guests", "140", "guest_count", 140),
            ("Package", "Orchard Weekend", "package_name", None),
            ("Total hire fee", "$9,800.00", "total_amount", "9800.00"),
            ("Deposit", "$2,450.00", "deposit_amount", "2450.00"),
            ("Balance due", "$7,350.00", "balance_due", "7350.00"),
            ("Balance due date", "18 April 2027", "balance_due_date", "2027-04-18"),
        ]
    )
    p.section("Terms")
    for words in (
        "The barn and the orchard are yours from 10:00 on Friday until 11:00 on Sunday. Music ends at midnight.",
        "The deposit holds the date. It is returned if the venue cancels, and kept if the couple does.",
        "Candles stand in glass. Confetti is of petals only. Suppliers show their insurance two weeks before.",
    ):
        p.paragraph(words, 9)
    p.section("Please initial")
    for line in ("Noise ends at midnight", "The damage bond is $500", "Suppliers are insured"):
        p.row([Ask(line, "initials", None, True, weight=1), Ask("Date", "date", weight=0.8)])
    p.section("Signatures")
    for label, subtype in (("Client signature", "client_signature"), ("Venue signature", "vendor_signature")):
        p.y += 6
        p.row([Ask(label, "signature", subtype, True, weight=1.8), Ask("Date", "date", None, True)])
    return p


def invoice() -> Paper:
    """Line items, total, deposit paid, balance due."""
    p = Paper(BAND, "Invoice")
    p.facts(
        [
            ("Invoice number", "VT-2027-0042", None, None),
            ("Invoice date", "May 3, 2027", None, None),
            ("Billed to", "Morgan Sample and Riley Template", None, None),
            ("Email", "morgan.riley@example.com", "couple_email", None),
            ("Wedding date", "July 24, 2027", "wedding_date", "2027-07-24"),
            ("Package", "Dance Floor Package", "package_name", None),
        ]
    )
    p.y += 18
    _items(p)
    p.y += 6
    for label, printed, subtype, value in (
        ("Total", "$2,480.00", "total_amount", "2480.00"),
        ("Deposit paid", "$620.00", "deposit_amount", "620.00"),
        ("Balance due", "$1,860.00", "balance_due", "1860.00"),
    ):
        p.y += 18
        bold = "Helvetica-Bold" if subtype == "balance_due" else "Helvetica"
        p.text(label, p.width - 190, p.y, bold, 10, align="right")
        box = p.text(printed, p.width - 60, p.y, bold, 10, align="right")
        p.add_value(subtype, value, printed, [box])
    p.section("Payment")
    p.prose(
        [
            ("Please pay the balance by ", None, None),
            ("June 24, 2027", "balance_due_date", "2027-06-24"),
            (
                " by bank transfer to Example Bank, account 000-000-0000, with the invoice number as reference.",
                None,
                None,
            ),
        ]
    )
    p.paragraph("Thank you. We are looking forward to the first dance.", colour=SOFT)
    return p


def _items(p: Paper) -> None:
    right = p.width - 60
    for x, head, side in ((60.0, "Item", "left"), (430.0, "Quantity", "right"), (right, "Amount", "right")):
        p.text(head, x, p.y, "Helvetica-Bold", 9, SOFT, side)
    p.rule(54, p.width - 54, p.y + 5)
    for item, quantity, amount in (
        ("DJ, 19:00 to 01:00", "6 h", "$1,500.00"),
        ("Ceremony sound and microphones", "1", "$380.00"),
        ("Dance floor lighting", "1", "$450.00"),
        ("Travel", "60 mi", "$150.00"),
    ):
        p.y += 20
        p.text(item, 60, p.y, "Helvetica", 9.5)
        p.text(quantity, 430, p.y, "Helvetica", 9.5, align="right")
        p.text(amount, right, p.y, "Helvetica", 9.5, align="right")
        p.rule(54, p.width - 54, p.y + 6, SOFT, 0.3)


def filled_form() -> Paper:
    """A printed form with typed answers, ticks and a signature in ink."""
    p = Paper(BAND, "Music Planning Form", air=9)
    p.section("You")
    p.rows(
        [Ask("Partner 1 name", "text", "partner_1_name", True, value="Sam Specimen")],
        [Ask("Partner 2 name", "text", "partner_2_name", True, value="Charlie Example")],
        [
            Ask("Email", "email", "couple_email", True, value="sam.charlie@example.com", weight=1.3),
            Ask("Phone", "phone", "couple_phone", value="(212) 555-0177", normal="+12125550177"),
        ],
    )
    p.section("The day")
    p.rows(
        [
            Ask("Wedding date", "date", "wedding_date", True, value="August 7, 2027", normal="2027-08-07"),
            Ask("Ceremony time", "time", "wedding_time", value="3:00 PM", normal="15:00"),
        ],
        [Ask("Reception venue", "text", "reception_venue", value="Larkspur Barn")],
        [
            Ask("Venue address", "address", "venue_address", value="Sample Lane 4, Springfield", weight=1.8),
            Ask("Number of guests", "number", "guest_count", value="95", normal=95),
        ],
    )
    p.section("Music")
    p.rows(
        [Ask("Package", "radio", options=("Dance Floor", "All Day", "Ceremony only"), value="All Day")],
        [
            Ask(
                "We love",
                "multiselect",
                options=("Pop", "Soul", "Rock", "Jazz", "Latin", "Eighties"),
                value="Soul|Latin",
            )
        ],
        [Ask("Song of the first dance", "text", value="A slow waltz, see mail")],
        [Ask("Special requests", "textarea", "special_requests", value="No karaoke, please.")],
        [Ask("Agreed fee", "currency", "total_amount", value="$2,900.00", normal="2900.00")],
    )
    p.section("Signature")
    p.y += 8
    p.row(
        [
            Ask("Signature", "signature", "client_signature", True, weight=1.5, value="signed"),
            Ask("Date", "date", None, True, value="May 9, 2027"),
        ]
    )
    return p
