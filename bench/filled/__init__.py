"""Filled contracts, invoices, proposals and questionnaires in many layouts, with the truth about each: a seeded set.

Families in RESERVED are kept back. Nobody looks at their documents one by one; only their total is read.
"""

from __future__ import annotations

import io
import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from reportlab.lib.pagesizes import A4, letter

from bench.filled import composed, composed_reserved, further, prose, questionnaires, reserved, tables
from bench.filled.facts import CURRENCY, Facts, invent
from bench.filled.marks import TRAPS, traps
from bench.filled.sheet import MONO, SANS, SERIF, Sheet

ENGLISH = ("US", "GB", "US", "IE", "AU")
EVERYWHERE = ("US", "GB", "IE", "AU", "DE", "FR", "ES", "NL", "IT")
CONTINENT = ("DE", "FR", "ES", "NL", "IT")
TRAP_SHARE = 0.35
SCAN_DPI = 200


@dataclass(frozen=True, slots=True)
class Family:
    name: str
    kind: str
    draw: Callable[[Sheet, Facts], None]
    countries: tuple[str, ...]


FAMILIES = (
    Family("numbered-contract", "contract", prose.numbered_contract, ENGLISH),
    Family("european-contract", "contract", prose.european_contract, CONTINENT),
    Family("two-columns", "contract", prose.two_columns, ENGLISH),
    Family("proposal-letter", "proposal", prose.proposal_letter, ENGLISH),
    Family("key-facts", "contract", prose.key_facts_then_prose, EVERYWHERE),
    Family("invoice-items", "invoice", tables.invoice_with_items, EVERYWHERE),
    Family("invoice-strip", "invoice", tables.invoice_meta_strip, EVERYWHERE),
    Family("contract-grid", "contract", tables.contract_grid, EVERYWHERE),
    Family("party-blocks", "contract", tables.party_blocks, EVERYWHERE),
    Family("sidebar", "contract", tables.sidebar, EVERYWHERE),
    Family("on-lines", "questionnaire", questionnaires.on_lines, EVERYWHERE),
    Family("in-boxes", "questionnaire", questionnaires.in_boxes, EVERYWHERE),
    Family("in-cells", "questionnaire", questionnaires.in_cells, EVERYWHERE),
    Family("questions", "questionnaire", questionnaires.questions_then_answers, EVERYWHERE),
    Family("dotted", "questionnaire", questionnaires.dotted, EVERYWHERE),
    Family("composed-contract", "contract", composed.contract, EVERYWHERE),
    Family("long-contract", "contract", composed.long_contract, EVERYWHERE),
    Family("schedule", "contract", composed.schedule, EVERYWHERE),
    Family("composed-invoice", "invoice", composed.invoice, EVERYWHERE),
    Family("options", "proposal", composed.options_proposal, ENGLISH),
    Family("numbered-parties", "contract", composed.numbered_parties, ENGLISH),
    Family("confirmation-letter", "contract", composed.plain_letter, ENGLISH),
    Family("sent-mail", "proposal", composed.sent_mail, ENGLISH),
    Family("composed-questions", "questionnaire", composed.questionnaire, EVERYWHERE),
    Family("merged-table", "contract", further.merged_table, EVERYWHERE),
    Family("receipt", "invoice", further.receipt, ENGLISH),
    Family("ticked", "questionnaire", further.ticked, ENGLISH),
    Family("venue-hire", "contract", further.venue_hire, ENGLISH),
    Family("two-places", "contract", further.two_places, EVERYWHERE),
    Family("event-sheet", "contract", further.event_sheet, ENGLISH),
    Family("right-labels", "contract", further.right_labels, EVERYWHERE),
    Family("continental-letter", "contract", further.continental_letter, ("DE", "FR", "ES")),
)
RESERVED = (
    Family("event-order", "contract", reserved.event_order, ENGLISH),
    Family("mail-quote", "proposal", reserved.mail_quote, ENGLISH),
    Family("hire-agreement", "contract", reserved.hire_agreement, ("GB", "IE", "US")),
    Family("intake-card", "questionnaire", reserved.intake_card, EVERYWHERE),
    Family("continental-invoice", "invoice", reserved.continental_invoice, EVERYWHERE),
    Family("booking-confirmation", "contract", reserved.deposit_letter, ENGLISH),
    Family("statement-of-work", "proposal", reserved.statement_of_work, ENGLISH),
    Family("booking-table", "contract", reserved.booking_table, EVERYWHERE),
    Family("kept-contract", "contract", composed_reserved.kept_contract, EVERYWHERE),
    Family("kept-invoice", "invoice", composed_reserved.kept_invoice, EVERYWHERE),
    Family("kept-letter", "contract", composed_reserved.kept_letter, ENGLISH),
    Family("kept-statement", "invoice", composed_reserved.kept_statement, ENGLISH),
    Family("kept-questions", "questionnaire", composed_reserved.kept_questionnaire, EVERYWHERE),
    Family("kept-schedule", "contract", composed_reserved.kept_schedule, ENGLISH),
    Family("catering-order", "contract", further.catering_order, ENGLISH),
    Family("credit-invoice", "invoice", further.credit_invoice, ENGLISH),
    Family("instalments", "contract", further.instalments, ENGLISH),
    Family("kept-letter-abroad", "contract", further.continental_letter, ("NL", "IT")),
)


@dataclass(frozen=True, slots=True)
class Filled:
    name: str
    family: Family
    pdf: bytes
    truth: dict[str, Any]
    """As the corpus' truth files, with "traps": values of words nobody sees."""


def documents(*, per_family: int = 6, kept_back: bool = False, seed: int = 1) -> Iterator[Filled]:
    """``per_family`` documents of every family, the same for the same ``seed``; RESERVED when ``kept_back``."""
    for family in RESERVED if kept_back else FAMILIES:
        for number in range(per_family):
            yield draw(family, number, seed)


def draw(family: Family, number: int, seed: int = 1) -> Filled:
    name = f"{family.name}-{number:02}"
    dice = random.Random(f"{seed} {name}")
    country = family.countries[(number + dice.randrange(len(family.countries))) % len(family.countries)]
    facts = invent(f"{seed} {name} {country}", country)
    faces = dice.choice((SANS, SANS, SERIF, MONO if family.name in ("questions", "on-lines") else SANS))
    sheet = Sheet(letter if country == "US" else A4, faces, dice.choice((9.0, 9.5, 10.0, 10.5)))
    unseen = traps(sheet, facts, dice.choice(TRAPS)) if dice.random() < TRAP_SHARE else []
    family.draw(sheet, facts)
    values = [
        {
            "subtypes": list(seen.value.subtypes),
            "value": seen.value.value,
            "text": seen.value.text,
            "ambiguous": _fits_two_orders(seen.value.text),
            "boxes": [{"page": page, "box": list(box)} for page, box in seen.boxes],
        }
        for seen in sheet.seen.values()
    ]
    signed = sheet.signed
    truth = {
        "id": name,
        "kind": family.kind,
        "currency": CURRENCY.get(country, "EUR").lower(),
        "signature_present": signed,
        "values": values,
        "traps": unseen,
    }
    return Filled(name, family, sheet.pdf(), truth)


def _fits_two_orders(text: str) -> bool:
    """Whether a date in figures could be read day first and month first, taken by itself."""
    match = re.search(r"(?<!\d)(\d{1,2})[/-](\d{1,2})[/-](?:\d\d)?\d\d(?!\d)", text)
    if match is None:
        return False
    return match[1].lstrip("0") != match[2].lstrip("0") and max(int(match[1]), int(match[2])) <= 12


def write(folder: Path, *, per_family: int = 6, kept_back: bool = False, seed: int = 1, scanned: bool = False) -> None:
    """The set as ``folder``/pdf and ``folder``/truth, as the corpus keeps it; ``scanned``: pictures of the pages."""
    for part in ("pdf", "truth"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for one in documents(per_family=per_family, kept_back=kept_back, seed=seed):
        (folder / "pdf" / f"{one.name}.pdf").write_bytes(as_scan(one.pdf) if scanned else one.pdf)
        (folder / "truth" / f"{one.name}.json").write_text(json.dumps(one.truth, ensure_ascii=False))


def as_scan(data: bytes, dpi: int = SCAN_DPI) -> bytes:
    """The pages as grey JPEG pictures, nothing else; boxes stay where they were."""
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    pictures: list[Image.Image] = []
    for page in document:
        pictures.append(page.render(scale=dpi / 72, grayscale=True).to_pil().convert("L"))
        page.close()
    document.close()
    out = io.BytesIO()
    pictures[0].save(out, "PDF", save_all=True, append_images=pictures[1:], resolution=dpi, quality=70)
    return out.getvalue()
