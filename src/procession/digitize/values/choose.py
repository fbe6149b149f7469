"""Of all readings of a document's values the ones to keep: the surest of each, amounts that add up, doubts named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import product

from procession.digitize.values.found import Found, Reading
from procession.digitize.values.money import find_money, settled_currency
from procession.domain.form import Subtype

RIVALS_WITHIN = 0.02
"""A different value nearly as sure is a doubt."""
CANDIDATES_MAX = 5
"""Readings of one amount that are tried for a sum."""
COMPLETED = 0.8
"""Confidence of an amount that is printed without a name and completes the sum of two others."""

_SUM = (Subtype.TOTAL_AMOUNT, Subtype.DEPOSIT_AMOUNT, Subtype.BALANCE_DUE)
_ONE_ONLY = frozenset({Subtype.WEDDING_DATE, Subtype.BALANCE_DUE, Subtype.DEPOSIT_AMOUNT})

Groups = dict[Subtype, list[Found]]


def chosen(found: Iterable[Found], reading: Reading) -> list[Found]:
    """One value per core field, in reading order."""
    groups: Groups = {}
    for one in found:
        groups.setdefault(one.subtype, []).append(one)
    for group in groups.values():
        group.sort(key=lambda one: (-round(one.confidence, 2), one.page, one.box.y0, one.box.x0))
    kept = {subtype: _surest(subtype, group) for subtype, group in groups.items()}
    _add_up(kept, groups, reading)
    return sorted(kept.values(), key=lambda one: (one.page, one.box.y0, one.box.x0))


def _surest(subtype: Subtype, ranked: Sequence[Found]) -> Found:
    """The surest, then the first on the page; of totals nearly as sure the largest."""
    best = ranked[0]
    if subtype is Subtype.TOTAL_AMOUNT:
        near = [one for one in ranked if one.confidence >= best.confidence - 0.06]
        return max(near, key=lambda one: Decimal(str(one.value)))
    rivals = {str(one.value) for one in ranked if one.confidence >= best.confidence - RIVALS_WITHIN} - {str(best.value)}
    if rivals and subtype in _ONE_ONLY and not best.reason:
        reason = f"{len(rivals) + 1} different values are printed"
        return replace(best, confidence=best.confidence * 0.75, reason=reason)
    return best


def _add_up(kept: dict[Subtype, Found], groups: Groups, reading: Reading) -> None:
    """Deposit and balance add up to the total: other readings that do are taken, a missing one is looked for.

    Where nothing adds up all three are doubtful.
    """
    _split_balance(kept, groups)
    known = [subtype for subtype in _SUM if subtype in kept]
    if len(known) == 2:
        missing = next(subtype for subtype in _SUM if subtype not in kept)
        if completing := _completing(missing, kept, reading):
            kept[missing] = completing
    if len(known) < 3 or _is_sum(*(kept[subtype] for subtype in _SUM)):
        return
    fitting = [three for three in product(*(groups[subtype][:CANDIDATES_MAX] for subtype in _SUM)) if _is_sum(*three)]
    if fitting:
        best = max(fitting, key=lambda three: sum(one.confidence for one in three))
        kept.update(zip(_SUM, best, strict=True))
        return
    reason = "deposit and balance do not add up to the total"
    for subtype in _SUM:
        one = kept[subtype]
        kept[subtype] = replace(one, confidence=one.confidence * 0.8, reason=one.reason or reason)


def _split_balance(kept: dict[Subtype, Found], groups: Groups) -> None:
    """ "Total to pay" reads like a balance: of two of them that differ by the deposit the larger is the total."""
    deposit, owed = kept.get(Subtype.DEPOSIT_AMOUNT), groups.get(Subtype.BALANCE_DUE, [])
    if Subtype.TOTAL_AMOUNT in kept or deposit is None:
        return
    for more, less in product(owed[:CANDIDATES_MAX], repeat=2):
        if _amount(less) + _amount(deposit) == _amount(more):
            kept[Subtype.TOTAL_AMOUNT] = replace(more, subtype=Subtype.TOTAL_AMOUNT)
            kept[Subtype.BALANCE_DUE] = less
            return


def _is_sum(total: Found, deposit: Found, balance: Found) -> bool:
    return _amount(deposit) + _amount(balance) == _amount(total)


def _amount(one: Found) -> Decimal:
    return Decimal(str(one.value))


def _completing(missing: Subtype, kept: dict[Subtype, Found], reading: Reading) -> Found | None:
    """The amount printed in the document that makes the sum of the two known ones."""
    if not reading.running:
        return None
    total, deposit, balance = (kept.get(subtype) for subtype in _SUM)
    if total is not None and deposit is not None:
        wanted = _amount(total) - _amount(deposit)
    elif total is not None and balance is not None:
        wanted = _amount(total) - _amount(balance)
    elif deposit is not None and balance is not None:
        wanted = _amount(deposit) + _amount(balance)
    else:
        return None
    taken = {(one.page, one.box) for one in (total, deposit, balance) if one is not None}
    return next((one for one in _printed(wanted, missing, reading) if (one.page, one.box) not in taken), None)


def _printed(wanted: Decimal, subtype: Subtype, reading: Reading) -> Iterator[Found]:
    if wanted <= 0:
        return
    for _, passage in reading.passages():
        for one in find_money(passage.text):
            if one.amount == wanted:
                box = passage.box_of(one.start, one.end)
                currency = settled_currency(one, reading.hints.currencies)
                yield Found(subtype, one.plain, one.text, passage.page, box, COMPLETED, currency=currency)
