"""The blank forms: consultation, day timeline, feedback, catering, and the florist's order that gets scanned."""

from __future__ import annotations

from examples.paper import A4, SOFT, Ask, Paper, Vendor

YES_NO = ("Yes", "No")

PLANNER = Vendor(
    "Marigold & Fern Events",
    "Wedding planning and design",
    "#7a3e5d",
    "12 Example Row, Springfield",
    "+1 555 0101",
    "hello@marigoldfern.example.com",
)
BARN = Vendor(
    "Larkspur Barn",
    "A barn, an orchard, one wedding a day",
    "#2f6f4f",
    "Sample Lane 4, Springfield",
    "+1 555 0104",
    "events@larkspurbarn.example.com",
)
CATERER = Vendor(
    "Copper Ladle Catering",
    "Seasonal menus for 20 to 300 guests",
    "#9a5b1d",
    "88 Sample Street, Springfield",
    "+1 555 0107",
    "kitchen@copperladle.example.com",
)
FLORIST = Vendor(
    "Peony & Thistle",
    "Wedding flowers",
    "#4d4d4d",
    "3 Example Arcade, Springfield",
    "+1 555 0112",
    "studio@peonythistle.example.com",
)


def consultation() -> Paper:
    """47 questions on 4 pages."""
    p = Paper(PLANNER, "Wedding Consultation Form", air=9)
    p.paragraph(
        "Please fill in what you know and leave the rest for our first meeting. Questions marked * are the ones "
        "we need before we can talk dates.",
        colour=SOFT,
    )
    _couple(p)
    p.new_page()
    _day(p)
    p.new_page()
    _services(p)
    p.new_page()
    _wishes(p)
    return p


def _couple(p: Paper) -> None:
    p.section("About the two of you")
    p.rows(
        [Ask("Partner 1 full name", "text", "partner_1_name", True)],
        [Ask("Partner 2 full name", "text", "partner_2_name", True)],
        [
            Ask("Partner 1 email", "email", "couple_email", True, weight=1.3),
            Ask("Phone", "phone", "couple_phone", True),
        ],
        [Ask("Partner 2 email", "email", "couple_email", weight=1.3), Ask("Mobile", "phone", "couple_phone")],
        [Ask("Postal address", "address")],
        [Ask("Best way to reach you", "radio", options=("Email", "Phone", "Text message"))],
        [
            Ask(
                "How did you hear about us?",
                "multiselect",
                options=("Friends", "Venue", "Instagram", "Wedding fair", "Search engine", "Magazine"),
            )
        ],
    )
    p.section("Your date")
    p.rows(
        [Ask("Wedding date", "date", "wedding_date", True), Ask("Alternative date", "date")],
        [Ask("Is your date flexible?", "radio", options=YES_NO)],
    )
    p.y += 16
    p.paragraph(
        "We hold a date for 14 days once this form has reached us. You can return it by email or bring it to the "
        "consultation.",
        8.5,
    )


def _day(p: Paper) -> None:
    p.section("The wedding day")
    p.rows(
        [Ask("Ceremony start time", "time", "wedding_time"), Ask("Number of guests", "number", "guest_count", True)],
        [Ask("Ceremony venue", "text", "ceremony_venue")],
        [Ask("Ceremony address", "address", "venue_address")],
        [Ask("Reception venue", "text", "reception_venue")],
        [Ask("Reception address", "address", "venue_address")],
        [Ask("Is the venue booked?", "radio", options=("Yes", "Not yet", "On hold"))],
        [Ask("Children under 12", "number"), Ask("People in the wedding party", "number")],
    )
    p.section("The ceremony")
    p.rows(
        [Ask("Type of ceremony", "radio", options=("Religious", "Civil", "Symbolic", "Undecided"))],
        [Ask("Setting", "radio", options=("Indoors", "Outdoors", "Both"))],
        [Ask("Languages spoken", "text")],
        [Ask("Plan for rain", "textarea")],
    )


def _services(p: Paper) -> None:
    p.section("Services and budget")
    wanted = ("Full planning", "Day coordination", "Venue search", "Flowers", "Catering", "Photography", "Music")
    p.rows(
        [Ask("Services needed", "multiselect", "services_needed", True, options=(*wanted, "Stationery", "Transport"))],
        [
            Ask(
                "Budget range",
                "radio",
                "budget_range",
                True,
                options=("Under $15,000", "$15,000 to $30,000", "$30,000 to $60,000", "Over $60,000"),
            )
        ],
        [Ask("Planning package", "radio", "package_name", options=("Fern", "Marigold", "Full bloom"))],
        [Ask("Suppliers already booked", "textarea")],
    )
    p.section("Food, flowers and music")
    p.rows(
        [Ask("Catering style", "radio", options=("Plated", "Buffet", "Family style", "Food trucks"))],
        [Ask("Dietary needs and allergies", "textarea")],
        [Ask("Favourite flowers", "text")],
        [Ask("Colours", "text")],
        [Ask("Music", "multiselect", options=("Live band", "DJ", "String quartet", "Playlist"))],
        [
            Ask("Hours of photography", "number"),
            Ask("Film as well?", "radio", options=YES_NO),
        ],
        [Ask("Guest transport", "radio", options=("Coaches", "Shuttle", "None"))],
    )


def _wishes(p: Paper) -> None:
    p.section("The order of the day")
    p.rows(
        [Ask("Timeline preferences", "textarea", "timeline_preferences")],
        [Ask("First look before the ceremony?", "radio", options=YES_NO)],
        [Ask("Number of speeches", "number"), Ask("Accessibility needs", "text")],
    )
    p.section("Anything else")
    p.rows([Ask("Special requests", "textarea", "special_requests")])
    for line in (
        "You may show photographs of our day in your portfolio",
        "Send us the seasonal newsletter",
    ):
        p.row([Ask(line, "checkbox", options=(line,))])
    p.section("Signature")
    p.rows(
        [Ask("Signature", "signature", "client_signature", True, weight=1.6), Ask("Date", "date", None, True)],
        [Ask("Name in print", "text")],
    )


def timeline() -> Paper:
    """Twelve printed times, three blank cells each."""
    p = Paper(BARN, "Wedding Day Timeline", style="box")
    p.rows(
        [
            Ask("Couple", "text", None, True, weight=1.6),
            Ask("Wedding date", "date", "wedding_date", True),
            Ask("Number of guests", "number", "guest_count"),
        ],
        [Ask("Planner or contact on the day", "text", weight=1.6), Ask("Contact phone", "phone", None, True, weight=2)],
    )
    p.section("Hour by hour")
    slots = ("09:00", "10:30", "12:00", "13:00", "14:00", "14:45", "16:00", "17:30", "19:00", "20:30", "22:00", "00:00")
    p.grid([("Time", 0.6, "time"), ("What happens", 2.4, "text"), ("Where", 1.4, "text"), ("Who", 1.4, "text")], slots)
    p.row([Ask("Notes for the team", "textarea", "timeline_preferences")])
    return p


def feedback() -> Paper:
    """Rating scales of 1 to 5 and 0 to 10."""
    p = Paper(PLANNER, "How Did We Do?")
    p.paragraph("It takes four minutes, and we read every line. 1 means poor, 5 means excellent.")
    p.rows([Ask("Your names", "text", None), Ask("Wedding date", "date", "wedding_date")])
    p.section("Please rate")
    five = ("1", "2", "3", "4", "5")
    asked = (
        "Communication before the day",
        "Understanding of your wishes",
        "Value for money",
        "Decoration and styling",
        "Timing on the day",
        "Friendliness of the team",
        "Handling of surprises",
        "Overall experience",
    )
    p.scale([Ask(q, "radio", None, q == asked[-1], five) for q in asked], five)
    p.section("Recommend us?")
    p.rows(
        [Ask("How likely are you to recommend us?", "radio", None, True, tuple(str(n) for n in range(11)))],
        [Ask("Would you book us again?", "radio", options=("Yes", "Perhaps", "No"))],
    )
    p.section("In your words")
    p.rows([Ask("What did we do best?", "textarea")], [Ask("What could be better?", "textarea")])
    quote = "You may quote this on your website"
    p.row([Ask(quote, "checkbox", options=(quote,))])
    return p


def catering() -> Paper:
    """Boxed answers on A4, with a table of meals by group of guests."""
    p = Paper(CATERER, "Catering Questionnaire", A4, "box")
    p.section("Event")
    p.rows(
        [Ask("Name of the couple", "text", None, True), Ask("Wedding date", "date", "wedding_date", True)],
        [Ask("Email", "email", "couple_email", True), Ask("Phone", "phone", "couple_phone")],
        [
            Ask("Reception venue", "text", "reception_venue", weight=2),
            Ask("Guest count", "number", "guest_count", True),
            Ask("Meal served at", "time"),
        ],
    )
    p.section("Menu")
    p.rows(
        [Ask("Service", "radio", None, True, ("Plated", "Buffet", "Family style", "Stations"))],
        [
            Ask(
                "Courses",
                "multiselect",
                options=("Canapes", "Starter", "Soup", "Main", "Cheese", "Dessert", "Late snack"),
            )
        ],
        [Ask("Drinks", "radio", options=("Open bar", "Beer and wine", "Cash bar", "None"))],
        [Ask("Budget per guest", "currency"), Ask("Wedding cake from", "text")],
    )
    p.section("Who eats what")
    p.grid(
        [("Guests", 1.2, "text"), *((meal, 1, "number") for meal in ("Meat", "Fish", "Vegetarian", "Vegan"))],
        ("Adults", "Children", "Suppliers"),
        22,
    )
    p.rows(
        [
            Ask(
                "Allergies among your guests",
                "multiselect",
                options=("Nuts", "Gluten", "Dairy", "Shellfish", "Egg", "Sesame"),
            )
        ],
        [Ask("Tell us more about allergies", "textarea")],
        [Ask("Kitchen access and power at the venue", "textarea")],
    )
    return p


def flower_order() -> Paper:
    """Drawn clean; the script prints and scans it."""
    p = Paper(FLORIST, "Wedding Flower Order", air=8)
    p.section("Customer")
    p.rows(
        [Ask("Name", "text", "partner_1_name", True)],
        [Ask("Email", "email", "couple_email"), Ask("Phone", "phone", "couple_phone", True)],
        [Ask("Wedding date", "date", "wedding_date", True), Ask("Delivery time", "time")],
        [Ask("Venue", "text", "ceremony_venue")],
        [Ask("Delivery address", "address", "venue_address")],
    )
    p.section("Flowers")
    p.rows(
        [Ask("Bouquet style", "radio", options=("Round", "Cascade", "Hand-tied", "Wild"))],
        [Ask("Buttonholes", "number"), Ask("Corsages", "number"), Ask("Table pieces", "number")],
        [Ask("Colours", "text")],
        [Ask("Also wanted", "multiselect", options=("Arch", "Aisle", "Cake flowers", "Petals"))],
        [Ask("Budget", "currency", "budget_range")],
        [Ask("Notes", "textarea", "special_requests")],
    )
    p.section("Order")
    p.rows([Ask("Signature", "signature", "client_signature", True, weight=1.5), Ask("Date", "date", None, True)])
    return p
