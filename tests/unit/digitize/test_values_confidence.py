from __future__ import annotations

from itertools import pairwise

import pytest

from procession.digitize.values.assign import assigned
from procession.digitize.values.confidence import MEASURED, calibrated
from procession.digitize.values.contacts import find_emails
from procession.digitize.values.dates import find_times
from procession.digitize.values.money import find_money
from procession.digitize.values.role_words import MONEY_ROLES
from procession.digitize.values.soft_labels import soft_meaning


def named(sentence: str) -> list[str | None]:
    values = [(one.start, one.end) for one in find_money(sentence)]
    return [one.subtype.value if one and one.subtype else None for one in assigned(sentence, values, MONEY_ROLES)]


@pytest.mark.parametrize(
    "sentence",
    [
        "The Client shall pay $5,400 in total: $1,080 as a deposit when signing and $4,320 as the final balance.",
        "Our fee is $5,400, of which $1,080 is a deposit and $4,320 the remaining balance.",
        "Fee: $5,400 (deposit $1,080, remainder $4,320 four weeks before)",
        "The total of $5,400 includes the deposit of $1,080, leaving a balance of $4,320.",
    ],
)
def test_each_amount_of_a_sentence_has_the_name_that_fits_the_whole_sentence_best(sentence: str) -> None:
    assert named(sentence) == ["total_amount", "deposit_amount", "balance_due"]


def test_confidence_rises_with_the_strength_of_a_finding_and_stays_a_probability() -> None:
    steps = [calibrated(number / 100) for number in range(-10, 111)]
    assert all(one <= two for one, two in pairwise(steps))
    assert (steps[0], steps[-1]) == (MEASURED[0][1], MEASURED[-1][1])


def test_an_address_that_a_recogniser_parted_at_its_sign_is_one_address() -> None:
    assert [mail.normal for mail in find_emails("Email: anna.bell @gmail.com, tel")] == ["anna.bell@gmail.com"]
    assert [mail.normal for mail in find_emails("anna.bell@ gmail.com")] == ["anna.bell@gmail.com"]
    assert find_emails("follow us @goldenhour or meet at noon") == []


def test_a_time_at_the_end_of_a_sentence_is_found() -> None:
    assert [value for _, _, value in find_times("The ceremony begins at 13:30. Dinner is at 6 pm.")] == [
        "13:30",
        "18:00",
    ]


@pytest.mark.parametrize(
    ("label", "answer", "subtype"),
    [
        ("Day of your ceremony", "12 September 2026", "wedding_date"),
        ("Rehearsal before the ceremony", "10 September 2026", None),
        ("Final settlement due", "12 August 2026", "balance_due_date"),
        ("Deposit due", "1 March 2026", None),
        ("Anticipated covers", "120", "guest_count"),
        ("Children among the guests", "12", None),
        ("Where the ceremony is", "Harcourt Hall", "ceremony_venue"),
        ("Venue coordinator", "Ivy Lane", None),
        ("Bride + groom", "Emma Clarke & Noah Patel", None),
        ("Villa Serena, Via Roma 8", "Gold", None),
    ],
)
def test_a_label_nobody_lists_means_what_it_speaks_of_where_the_answer_fits(
    label: str, answer: str, subtype: str | None
) -> None:
    meaning = soft_meaning(label, answer)
    assert (meaning.subtype if meaning else None) == subtype
