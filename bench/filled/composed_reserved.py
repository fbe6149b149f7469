"""Families of ``papers`` that are kept back: manners, names and sentences of their own; only their total is looked at."""

# ruff: noqa: E501 - sentences of sample documents

from __future__ import annotations

from bench.filled import papers
from bench.filled.composed import HEADS, questionnaire
from bench.filled.facts import Facts
from bench.filled.more_words import name
from bench.filled.papers import LEFT, Paper, Row
from bench.filled.sheet import Part, Sheet
from bench.filled.words import label


def kept_contract(sheet: Sheet, facts: Facts) -> None:
    """Rows in kept-back manners under kept-back names."""
    paper = Paper(sheet, facts, kept_back=True)
    y = facts.dice.choice(HEADS)(paper, name(facts, "contract", kept_back=True))
    groups = [
        ("couple", papers.couple_rows(paper)),
        ("day", papers.day_rows(paper)),
        ("money", papers.money_rows(paper)),
    ]
    y = papers.sections(paper, y, groups, papers.ROWS_KEPT)
    papers.sign(paper, papers.terms(paper, y))
    paper.close_page()


def kept_invoice(sheet: Sheet, facts: Facts) -> None:
    """Names and numbers in a line of columns, one item, totals from left to right at the foot."""
    paper = Paper(sheet, facts, kept_back=True)
    y = facts.dice.choice(HEADS)(paper, label(facts, "invoice"))
    sheet.line(LEFT, y, paper.name("bill_to"), size=8, grey=0.4)
    sheet.line(LEFT, y + 13, *facts.couple(), bold=True)
    sheet.line(LEFT, y + 26, facts.email, ", ", facts.phone, size=9)
    y = papers.rows_side_by_side(
        paper,
        y + 52,
        [
            (label(facts, "invoice_number"), (facts.number,)),
            (label(facts, "invoice_date"), (facts.other_days[0],)),
            paper.row("wedding", facts.wedding),
            paper.row("due", facts.due),
        ],
    )
    y = papers.rows_leaders(
        paper, y + 6, [(facts.package.text, (facts.subtotal,)), (label(facts, "tax"), (facts.tax,))]
    )
    y = papers.rows_column_heads(
        paper,
        y + 12,
        [paper.row("total", facts.total), paper.row("deposit", facts.deposit), paper.row("balance", facts.balance)],
    )
    paper.close_page()


def kept_letter(sheet: Sheet, facts: Facts) -> None:
    """Sentences of another writer."""
    paper = Paper(sheet, facts, kept_back=True)
    y = papers.head_right(paper, facts.pick("Letter of agreement", "Letter of engagement"))
    y = paper.prose(y, "To ", *facts.titled(), " (", facts.email, "; ", facts.phone, ")")
    body: list[tuple[Part, ...]] = [
        ("We, ", facts.vendor, ", will provide the services set out in this letter to you, the couple, for your wedding celebration. It takes place on ", facts.wedding, " and we shall meet you at ", facts.venue, " before ", facts.time, ", when the ceremony commences."),
        ("You told us that you are planning for ", facts.guests, " guests and would like our ", facts.package, " package."),
        ("In return you agree to pay us ", facts.total, " in all. Half a year before the day you paid ", facts.deposit, " as a retainer to secure our services; the rest of the fee, ", facts.balance, ", falls due on ", facts.due, ". If we stay longer than agreed we charge ", facts.others[0], " for every hour begun."),
        (f"Should you wish to change anything, please tell us before {facts.other_days[1]}.",),
    ]  # fmt: skip
    for parts in body:
        y = paper.prose(y, *parts) + 2
    papers.sign(paper, y)


def kept_statement(sheet: Sheet, facts: Facts) -> None:
    """A statement: the booking in one line of prose, payments as a list of dates and sums."""
    paper = Paper(sheet, facts, kept_back=True)
    y = facts.dice.choice(HEADS)(paper, facts.pick("Account statement", "Statement of account", "Payment summary"))
    rows: list[Row] = [
        paper.row("couple", *facts.couple()),
        paper.row("email", facts.email),
        paper.row("wedding", facts.wedding),
        paper.row("package", facts.package),
    ]
    y = facts.dice.choice(papers.ROWS_KEPT)(paper, y, rows)
    for words, parts in (
        (f"{facts.other_days[0]}   Deposit received, thank you", (facts.deposit,)),
        ("Agreed total", (facts.total,)),
        ("Still to pay", (facts.balance,)),
    ):
        sheet.line(LEFT, y, words)
        sheet.line(paper.right, y, *parts, align="right")
        y += 18
    paper.prose(y + 8, "Please make your payment by ", facts.due, ". Thank you.")


def kept_questionnaire(sheet: Sheet, facts: Facts) -> None:
    questionnaire(sheet, facts, kept_back=True)


def kept_schedule(sheet: Sheet, facts: Facts) -> None:
    """Payments as numbered sentences under a heading, the rest as rows."""
    paper = Paper(sheet, facts, kept_back=True)
    y = facts.dice.choice(HEADS)(
        paper, facts.pick("Wedding Catering Contract", "Venue Hire Agreement", "Photography Agreement")
    )
    y = papers.sections(
        paper, y, [("couple", papers.couple_rows(paper)), ("day", papers.day_rows(paper))], papers.ROWS_KEPT
    )
    y = papers.headed(paper, y, facts.pick("What you pay", "Charges", "Fees and payments"))
    lines: list[tuple[Part, ...]] = [
        ("a) Total for all services: ", facts.total),
        ("b) Deposit of ", facts.deposit, f" – received {facts.other_days[0]}"),
        ("c) Final balance of ", facts.balance, " – due ", facts.due),
        (f"d) Late payments attract a charge of {facts.others[2]}",),
    ]
    for parts in lines:
        y = paper.room(y, 20)
        sheet.line(LEFT + 6, y, *parts)
        y += 16
    papers.sign(paper, papers.terms(paper, y + 8))
    paper.close_page()
