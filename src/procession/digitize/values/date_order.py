"""Whether a document writes the day or the month first: by its other dates, its language, its money and telephones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from procession.digitize.values.dates import FoundDate, Order, likely_order, order_of
from procession.digitize.vocabulary import word_set

FOREIGN_WORDS_MIN = 3

_ENGLISH = word_set("the of and to your you for with is will date name wedding guests venue email phone")
_DAY_FIRST = tuple(
    word_set(text)
    for text in (
        "der die das und für mit am von ist hochzeit gäste datum braut bräutigam trauung name telefon anzahl uhr",
        "le la les de du des et pour mariage mariés vos votre lieu invités heure téléphone nombre montant",
        "el la los las de del y para boda novios fecha lugar invitados hora teléfono número vuestro importe",
        "de het een van en voor bruiloft gasten datum locatie bruid jullie aantal telefoon bedrag ceremonie",
        "il lo la gli di del della e per matrimonio sposi invitati data luogo ora telefono numero importo vostro",
    )
)
"""Words of German, French, Spanish, Dutch and Italian, which are written day first everywhere."""


def date_order(
    dates: Iterable[FoundDate], words: Iterable[str], currencies: Sequence[str], regions: Sequence[str]
) -> tuple[Order | None, Order | None]:
    """(order that the document's dates prove, order that is likely); ``regions`` are of its telephones."""
    return order_of(dates), _of_language(words) or likely_order(currencies, regions)


def _of_language(words: Iterable[str]) -> Order | None:
    counted = Counter(word.lower().strip(".,:;") for word in words)
    english = sum(counted[word] for word in _ENGLISH)
    other = max(sum(counted[word] for word in language) for language in _DAY_FIRST)
    return "dmy" if other >= FOREIGN_WORDS_MIN and other > 2 * english else None
