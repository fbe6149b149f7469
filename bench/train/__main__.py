"""``python -m bench.train --corpus DIR``: cross-validate, calibrate, measure the held-out forms once, train on all.

1. Cross-validation on the working files: folds part forms by kind, all variants of one form together. Each file goes
   through the whole engine with trees, calibration and threshold that have not seen its form.
2. The held-out files, by a model of the working files alone; only the sums of each set are printed.
3. The model that ships learns from all files of the corpus, the held-out ones included. The figures of 1 and 2, which
   are those of forms nobody has seen, stand beside it in ``fields.json``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.report import say
from bench.sets import CORPUS_VARIABLE, Form, FormSet, Sources
from bench.train import whole
from bench.train.calibrate import calibrations
from bench.train.fit import Fitted, fit
from bench.train.material import LEARNED, MEASURED, extra, measured
from bench.train.rated import FOLDS, Rated, best_accept, cross_validated, figures, fold_of
from bench.train.samples import Sample, group_of, load
from bench.train.whole import Row
from procession.digitize import learned
from procession.digitize.learned.model import CARD_FILE, MODEL_FILES, FieldModel
from procession.digitize.learned.trees import Floats

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Trained:
    """One of the two models on its way."""

    samples: list[Sample]
    more: list[Sample]
    rated: list[Rated]
    """Pages of its own kind only, by trees that have not seen their forms."""
    fitted: list[Fitted]
    folds: Mapping[str, int]
    accept: float

    def of_fold(self, fold: int) -> FieldModel:
        maps = calibrations([one for one in self.rated if one.fold != fold], self.accept)
        return as_model(self.fitted[fold], maps, self.accept, [])

    def of_all(self, held_out: Sequence[Sample] = ()) -> FieldModel:
        known = [*self.samples, *held_out, *self.more]
        return as_model(fit(known), calibrations(self.rated, self.accept), self.accept, known)


def main() -> None:
    chosen = _arguments()
    sources = Sources(chosen.corpus, chosen.cache)
    wanted = [chosen.only] if chosen.only else list(LEARNED)
    finish(chosen, sources, {of: train(sources, of, chosen.cache / "pages") for of in wanted})


def train(sources: Sources, of: str, pages: Path) -> Trained:
    samples, more = load(measured(sources, LEARNED[of]), pages), load(extra(sources, of), pages)
    say(f"{of}: {len(samples)} pages of {', '.join(LEARNED[of])}, {len(more)} more to learn from")
    rated, fitted = cross_validated(samples, more)
    own = [one for one in rated if one.sample.set_name.endswith("_scanned") == (of == "scanned")]
    accept = best_accept(own)
    say(f"{of}: accept {accept:.2f}; candidates alone: {json.dumps(_alone(own, accept))}")
    return Trained(samples, more, own, fitted, fold_of(samples), accept)


def finish(chosen: argparse.Namespace, sources: Sources, trained: Mapping[str, Trained]) -> None:
    """The figures, and unless only these are asked for, the models and their card."""
    pages = chosen.cache / "pages"

    def unseen(of: FormSet, form: Form) -> FieldModel:
        one = trained[_kind(of)]
        return models[_kind(of)][one.folds[group_of(form.name)]]

    models = {of: [one.of_fold(fold) for fold in range(FOLDS)] for of, one in trained.items()}
    sets = [name for name in MEASURED if _kind_of(name) in trained]
    rows = whole.measured(measured(sources, sets), unseen, pages)
    card = _card(chosen.out / CARD_FILE)
    card["cross_validated"].update(whole.figures(rows))
    print(json.dumps({name: card["cross_validated"][name] for name in sets}, indent=1))
    if chosen.rows:
        _write_rows(chosen.rows, rows)
    if chosen.cv_only:
        return
    behind = replace(sources, held_out=True)
    working = {of: one.of_all() for of, one in trained.items()}
    rows = whole.measured(measured(behind, sets), lambda of, _: working[_kind(of)], pages)
    card["held_out"].update(whole.figures(rows))
    print(json.dumps({name: card["held_out"][name] for name in sets}, indent=1))
    for of, one in trained.items():
        held_out = load(measured(behind, LEARNED[of]), pages)
        model = one.of_all(held_out)
        out = chosen.out / MODEL_FILES[of]
        content = model.to_bytes()
        out.write_bytes(content)
        learned_from = _counts([*one.samples, *held_out, *one.more])
        card[of] = {
            "version": model.version,
            "sha256": hashlib.sha256(content).hexdigest(),
            "accept": round(one.accept, 2),
            "learned_from": learned_from,
        }
        say(f"{out}: {out.stat().st_size} bytes, version {model.version}")
    (chosen.out / CARD_FILE).write_text(json.dumps(card, indent=1) + "\n")


def _kind(of: FormSet) -> str:
    return "scanned" if of.scanned else "digital"


def _kind_of(name: str) -> str:
    return "scanned" if name.endswith("_scanned") else "digital"


def _card(path: Path) -> Json:
    """The card as it is: the figures of a model that is not trained now stay."""
    known: Json = json.loads(path.read_text()) if path.exists() else {}
    return {"cross_validated": {}, "held_out": {}, **known}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.train", description=__doc__)
    corpus = os.environ.get(CORPUS_VARIABLE)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "procession-bench"
    parser.add_argument("--corpus", type=Path, default=Path(corpus) if corpus else None)
    parser.add_argument("--cache", type=Path, default=cache, help="keeps scans, filled copies and pages once read")
    parser.add_argument("--out", type=Path, default=Path(learned.__file__).parent, help="folder of the models")
    parser.add_argument("--rows", type=Path, help="write one JSON line a file there: what unseen models made of it")
    parser.add_argument("--only", choices=sorted(LEARNED), help="train this model; the other and its figures stay")
    parser.add_argument("--cv-only", action="store_true", help="print the figures, write no model")
    return parser.parse_args()


def _alone(rated: Sequence[Rated], accept: float) -> Json:
    names = dict.fromkeys(one.sample.set_name for one in rated)
    return {name: figures([one for one in rated if one.sample.set_name == name], accept) for name in names}


def as_model(
    fitted: Fitted, maps: Mapping[str, tuple[Floats, Floats]], accept: float, samples: Sequence[Sample]
) -> FieldModel:
    seen = hashlib.sha256()
    for one in samples:
        seen.update(one.features.tobytes())
        seen.update(one.true_boxes.tobytes())
    return FieldModel(fitted.field, fitted.edges, fitted.button, maps, accept, seen.hexdigest()[:12])


def _counts(samples: Sequence[Sample]) -> Json:
    names = sorted({one.set_name for one in samples})
    return {
        name: {
            "files": len({one.file for one in samples if one.set_name == name}),
            "pages": sum(one.set_name == name for one in samples),
            "fields": sum(len(one.true_boxes) for one in samples if one.set_name == name),
        }
        for name in names
    }


def _write_rows(path: Path, rows: Sequence[Row]) -> None:
    with path.open("w") as out:
        for row in rows:
            (figures,) = whole.figures([row]).values()
            out.write(json.dumps({"set": row[0], "file": row[1], **figures}) + "\n")


if __name__ == "__main__":
    main()
