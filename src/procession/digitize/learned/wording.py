"""What printed runs look like and speak of, as numbers; few and broad, so that no form is learned by heart."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from procession.digitize.layout import Run
from procession.digitize.learned.trees import Floats
from procession.digitize.vocabulary import fold

RUN_CHARS_MAX = 200
"""Of a longer run only the beginning is asked for meaning."""

_TOPICS: dict[str, re.Pattern[str]] = {
    "name": re.compile(
        r" (?:names?|first|last|middle|initial|surname|print(?:ed)?|title|partner|bride|groom|couple|company|employer|"
        r"nom|prenom|vorname|nachname|nombre|apellidos?|naam|nome|cognome) "
    ),
    "date": re.compile(
        r" (?:dates?|day|month|year|birth|dob|mm|dd|yyyy|time|datum|fecha|data|heure|uhrzeit|age|from|to|period) "
    ),
    "place": re.compile(
        r" (?:address|street|city|town|state|zip|postal|postcode|country|county|apt|venue|location|adresse|strasse|"
        r"ort|plz|ville|direccion|ciudad|adres|plaats|indirizzo|citta) "
    ),
    "contact": re.compile(r" (?:phone|telephone|tel|mobile|cell|fax|e ?mail|website|contact|telefon\w*|correo) "),
    "signature": re.compile(
        r" (?:signatures?|signed|sign|initials?|witness|unterschrift|firma|handtekening|notary|preparer s?) "
    ),
    "amount": re.compile(
        r" (?:amounts?|totals?|income|tax|cost|price|fee|fees|balance|deposit|payment|paid|wages|rate|value|budget|"
        r"subtotal|dollars|usd|eur|gbp|percent|betrag|summe|montant|importe|bedrag|importo) "
    ),
    "number": re.compile(
        r" (?:number|no|nos|id|ssn|ein|itin|account|license|routing|nummer|numero|code|type|quantity) "
    ),
    "answer": re.compile(r" (?:yes|no|n a|ja|nein|oui|non|si|none|male|female|single|married) "),
    "order": re.compile(
        r" (?:see|instructions?|line|lines|attach|if|enter|check|complete|add|subtract|multiply|include|list|describe|"
        r"explain|provide|specify|other|please|choose|select|tick|mark) "
    ),
    "imprint": re.compile(
        r" (?:omb|form|page|rev|revised|department|internal|www|copyright|cat|use only|official|version|of) "
    ),
    "part": re.compile(r" (?:part|section|schedule|information|details|step|chapter|abschnitt|section) "),
}

RUN_COLUMNS = (
    "words",
    "chars",
    "height",
    "bold",
    "colon",
    "question",
    "closed",
    "required",
    "money",
    "digits",
    "upper",
    "lower_start",
    "width",
    "long_word",
    *_TOPICS,
)


def run_table(runs: Sequence[Run], line_height: float) -> Floats:
    """(runs, RUN_COLUMNS); heights in the page's line heights, widths in points, shares from 0 to 1."""
    table = np.zeros((len(runs), len(RUN_COLUMNS)), dtype=np.float32)
    for index, run in enumerate(runs):
        text = run.text[:RUN_CHARS_MAX]
        stripped = text.rstrip()
        letters = [char for char in text if char.isalnum()] or ["x"]
        folded = fold(text)
        table[index] = (
            len(run.words),
            len(stripped),
            run.box.height / max(line_height, 4.0),
            run.bold,
            stripped.endswith(":"),
            stripped.endswith("?"),
            stripped.endswith((".", ")")),
            "*" in text,
            "$" in text or "€" in text or "£" in text,
            sum(char.isdigit() for char in letters) / len(letters),
            sum(char.isupper() for char in letters) / len(letters),
            text[:1].islower(),
            run.box.width,
            max(len(word.text) for word in run.words),
            *(pattern.search(folded) is not None for pattern in _TOPICS.values()),
        )
    return table
