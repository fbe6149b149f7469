"""Approving a form lets its copies be known: within its tenant, until it is erased or forgotten, and without values."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from procession.blobs.names import ObjectKind
from procession.digitize import pipeline
from procession.digitize.recall import Recall
from procession.domain.analysis import AnalysisOptions, State
from procession.domain.errors import NotFound
from procession.domain.form import DigitizedDocument
from procession.domain.layout import Sketch
from procession.domain.principal import Principal
from procession.domain.template import KNOWN_FORM, Remembered, Template
from procession.maintenance.pruner import Pruner
from procession.services.review import FieldAction
from procession.services.views import AnalysisView
from procession.store import analyses
from tests.support.copies import LABELS, form
from tests.support.objects import names
from tests.unit.services.acting import House, later

REMEMBER = pipeline.EngineOptions(remember=True)
STRANGER = Principal("other", "key:other", "trace-2")
FILLED = {"Name of partner one": "Anna Lindqvist", "Number of guests": "84"}


@pytest.fixture(scope="module")
def blank() -> DigitizedDocument:
    return pipeline.digitize(form(), REMEMBER)


@dataclass(frozen=True)
class Desk:
    """An owner with the house, and the engine run as the sandbox runs it: candidates come from the service."""

    house: House

    def of(self, owner: Principal) -> Desk:
        return Desk(House(self.house.app, owner))

    async def read(self, content: bytes, templates: bool = True) -> AnalysisView:
        made = await self.house.upload(content, options=AnalysisOptions(templates=templates))
        if made.status is not State.PENDING:
            return made
        return await self.house.work(made.id, await self.engine(made.id, content))

    async def engine(self, analysis_id: str, content: bytes) -> DigitizedDocument:
        app, tenant = self.house.app, self.house.owner.tenant
        analysis = await app.store.read(lambda conn: analyses.require(conn, tenant, analysis_id))
        if not await app.store.read(lambda conn: app.templates.wanted(conn, analysis)):
            return pipeline.digitize(content, REMEMBER)
        offered: list[Template] = []

        async def ask(sketch: Sketch) -> None:
            for one in await app.templates.lookup(analysis)(sketch):
                kept = Remembered.model_validate_json(one.body)
                offered.append(Template(id=one.id, approved_at=one.approved_at, form=kept.form, layouts=kept.layouts))

        sketches: list[Sketch] = []
        pipeline.digitize(content, recall=Recall(lambda sketch: sketches.append(sketch) or []))  # type: ignore[func-returns-value]
        for sketch in sketches:
            await ask(sketch)
        return pipeline.digitize(content, REMEMBER, recall=Recall(lambda _: offered))

    async def approve(self, view: AnalysisView, *actions: FieldAction) -> AnalysisView:
        return await self.house.app.reviews.apply(self.house.owner, view.id, actions, finish=True)

    async def body(self) -> str:
        """The only stored template."""
        vault = self.house.app.foundation.vault
        stored = names(self.house.app.settings.data / "blobs")
        (name,) = [one for one in stored if one.startswith(ObjectKind.TEMPLATE)]
        return (await vault.get(name)).decode()


@pytest.fixture
def desk(house: House) -> Desk:
    return Desk(house)


async def test_a_copy_is_read_by_what_was_approved(desk: Desk) -> None:
    first = await desk.read(form())
    approved = await desk.approve(
        first,
        FieldAction("field-8", "modify", {"label": "Flowers you love", "required": True}),
        FieldAction("field-9", "reject"),
    )
    assert approved.template_id is None
    second = await desk.read(form(FILLED))
    result = await desk.house.app.analyses.result(desk.house.owner, second.id)
    assert second.template_id is not None
    assert result.template_id == second.template_id
    assert result.warnings[0].startswith(KNOWN_FORM)
    assert result.form is not None
    fields = {field.id: field for field in result.form.fields}
    assert (fields["field-8"].label, fields["field-8"].required) == ("Flowers you love", True)
    assert "field-9" not in fields
    assert (fields["field-1"].value, fields["field-7"].value) == ("Anna Lindqvist", 84)
    view = await desk.house.app.templates.get(desk.house.owner, approved.form_id or "")
    assert (view.id, view.uploads, view.form_id) == (second.template_id, 1, approved.form_id)


async def test_a_copy_that_is_approved_speaks_from_then_on(desk: Desk) -> None:
    first = await desk.approve(await desk.read(form()))
    second = await desk.approve(await desk.read(form(FILLED)), FieldAction("field-8", "modify", {"label": "Blossoms"}))
    third = await desk.read(form({"Number of guests": "12"}))
    assert third.template_id == second.template_id
    result = await desk.house.app.analyses.result(desk.house.owner, third.id)
    assert result.form is not None
    assert "Blossoms" in [field.label for field in result.form.fields]
    for form_id in (first.form_id, second.form_id):
        view = await desk.house.app.templates.get(desk.house.owner, form_id or "")
        assert view.form_id == second.form_id


async def test_another_tenant_never_gets_it(desk: Desk) -> None:
    approved = await desk.approve(await desk.read(form()))
    stranger = desk.of(STRANGER)
    read = await stranger.read(form(FILLED))
    assert read.template_id is None
    with pytest.raises(NotFound):
        await desk.house.app.templates.get(STRANGER, approved.form_id or "")
    with pytest.raises(NotFound):
        await desk.house.app.templates.forget(STRANGER, approved.form_id or "")
    await stranger.approve(read)
    assert (await desk.read(form(FILLED))).template_id != (
        await stranger.read(form({"Wedding date": "3 May 2027"}))
    ).template_id


async def test_a_lookup_asks_for_its_own_tenant_only_whatever_it_is_asked(desk: Desk, blank: DigitizedDocument) -> None:
    """The same sketch, as a child taken over could send it."""
    await desk.approve(await desk.read(form()))
    app = desk.house.app
    stranger = await desk.of(STRANGER).house.upload(form())
    mine = await desk.house.upload(form({"Wedding date": "1 May 2027"}))
    kept = Remembered.model_validate_json(await desk.body())
    found = {}
    for owner, made in ((desk.house.owner, mine), (STRANGER, stranger)):
        analysis = await app.store.read(lambda conn, o=owner, m=made: analyses.require(conn, o.tenant, m.id))  # type: ignore[misc]
        found[owner.tenant] = len(await app.templates.lookup(analysis)(kept.layouts[0].sketch))
    assert found == {"acme": 1, "other": 0}


async def test_nothing_filled_in_is_in_the_template(desk: Desk) -> None:
    answers = {**FILLED, "Ceremony venue": "Grimswold Abbey", "E-mail address": "anna@example.com"}
    read = await desk.read(form(answers, title="Preparing for Grimswold", ticked=("Buffet",)))
    await desk.approve(read, FieldAction("field-2", "modify", {"value": "Benedikt Moreau"}))
    body = (await desk.body()).lower()
    kept = Remembered.model_validate_json(body)
    words = {anchor[0] for layout in kept.layouts for anchor in layout.anchors}
    assert not {"anna", "lindqvist", "grimswold", "abbey", "annaexamplecom", "benedikt", "moreau"} & words
    for personal in ("anna", "lindqvist", "abbey", "benedikt", "moreau", "@", '"84"'):
        assert personal not in body
    assert all(field.value is None and field.value_text is None for field in kept.form.fields)


async def test_erasing_the_only_source_ends_it_and_its_object_cannot_be_read(desk: Desk) -> None:
    first = await desk.approve(await desk.read(form()))
    assert await desk.body()
    await desk.house.app.analyses.erase(desk.house.owner, first.id)
    stored = names(desk.house.app.settings.data / "blobs")
    assert [name for name in stored if name.startswith(ObjectKind.TEMPLATE)] == []
    assert (await desk.read(form(FILLED))).template_id is None


async def test_erasing_one_of_two_sources_leaves_the_other_speaking(desk: Desk) -> None:
    await desk.approve(await desk.read(form()), FieldAction("field-8", "modify", {"label": "First"}))
    second = await desk.approve(await desk.read(form(FILLED)), FieldAction("field-8", "modify", {"label": "Second"}))
    await desk.house.app.analyses.erase(desk.house.owner, second.id)
    third = await desk.read(form({"Number of guests": "12"}))
    result = await desk.house.app.analyses.result(desk.house.owner, third.id)
    assert result.form is not None
    labels = [field.label for field in result.form.fields]
    assert ("First" in labels, "Second" in labels) == (True, False)


async def test_a_forgotten_form_s_copies_are_read_afresh(desk: Desk) -> None:
    first = await desk.approve(await desk.read(form()))
    await desk.house.app.templates.forget(desk.house.owner, first.form_id or "")
    assert (await desk.read(form(FILLED))).template_id is None
    with pytest.raises(NotFound):
        await desk.house.app.templates.get(desk.house.owner, first.form_id or "")


async def test_the_same_bytes_are_answered_from_before_until_something_was_approved(desk: Desk) -> None:
    first = await desk.read(form())
    again = await desk.read(form())
    assert again.reused_from == first.id
    await desk.approve(first)
    third = await desk.read(form())
    assert (third.reused_from, third.template_id is not None) == (None, True)
    fourth = await desk.read(form())
    assert (fourth.reused_from, fourth.template_id) == (third.id, third.template_id)
    assert (await desk.house.app.analyses.result(desk.house.owner, fourth.id)).template_id == third.template_id


async def test_afresh_means_without_the_known_form(desk: Desk) -> None:
    await desk.approve(await desk.read(form()), FieldAction("field-9", "reject"))
    known = await desk.read(form(FILLED))
    submitted = await desk.house.app.submissions.afresh(desk.house.owner, known.id)
    made = submitted.analysis
    assert (made.id != known.id, made.status, made.file) == (True, State.PENDING, known.file)
    fresh = await desk.house.work(made.id, await desk.engine(made.id, form(FILLED)))
    assert (fresh.template_id, fresh.fields_found) == (None, (known.fields_found or 0) + 1)
    with pytest.raises(NotFound):
        await desk.house.app.submissions.afresh(STRANGER, known.id)


async def test_two_reviews_of_the_same_layout_that_finish_at_once_make_one_template(desk: Desk) -> None:
    """Both were read before either was approved."""
    one, two = await desk.read(form()), await desk.read(form(FILLED))
    done = await asyncio.gather(desk.approve(one), desk.approve(two))
    assert all(view.form_id for view in done)
    views = [await desk.house.app.templates.get(desk.house.owner, view.form_id or "") for view in done]
    assert views[0] == views[1]


async def test_a_review_that_is_overtaken_takes_nothing_from_the_other(desk: Desk) -> None:
    first = await desk.read(form())
    done = await asyncio.gather(desk.approve(first), desk.approve(first), return_exceptions=True)
    assert sum(isinstance(one, AnalysisView) for one in done) == 1
    assert await desk.body()
    assert (await desk.read(form(FILLED))).template_id is not None


async def test_a_crash_between_object_and_record_leaves_no_template(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The object alone is nothing: no page is known by it, and it goes when its time is up."""
    first = await desk.read(form())
    app = desk.house.app

    def dies(*_: object) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as patched:
        patched.setattr(app.templates, "record", dies)
        with pytest.raises(ConnectionResetError):
            await desk.approve(first)
    assert await desk.body()
    assert (await desk.read(form(FILLED))).template_id is None
    await Pruner(app.foundation).once()
    assert await desk.body(), "it may still be recorded"
    await Pruner(later(app.foundation)).once()
    stored = names(app.settings.data / "blobs")
    assert [name for name in stored if name.startswith(ObjectKind.TEMPLATE)] == []


async def test_a_changed_edition_waits_for_review_and_makes_a_template_of_its_own(desk: Desk) -> None:
    first = await desk.approve(await desk.read(form()))
    labels = (*LABELS[:6], "Rehearsal evening", *LABELS[6:])
    edition = await desk.read(form(labels=labels))
    assert (edition.status, edition.template_id is not None) == (State.REQUIRES_REVIEW, True)
    approved = await desk.approve(edition)
    views = [await desk.house.app.templates.get(desk.house.owner, one.form_id or "") for one in (first, approved)]
    assert views[0].id != views[1].id
    copy = await desk.read(form(FILLED, labels=labels))
    assert copy.template_id == views[1].id
    assert copy.fields_found == approved.fields_found
