"""From a reviewed analysis to a form, its responses and their exports."""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx
import pytest

from procession.client import Analysis, Client, Form
from procession.client import errors as client_errors
from tests.contract.test_uploads_over_http import code
from tests.support import documents
from tests.support.server import RunningServer


def analysed(client: Client) -> tuple[Analysis, list[dict[str, Any]]]:
    analysis = client.wait(client.submit(documents.acroform()).id, 60)
    assert analysis.error is None
    return analysis, client.result(analysis.id)["form"]["fields"]


@pytest.fixture
def form(client: Client) -> Form:
    analysis, _ = analysed(client)
    finished = client.review(analysis, finish=True)
    assert finished.status == "completed"
    assert finished.form_id is not None
    return client.form(finished.form_id)


def test_a_correction_shows_in_the_result_and_not_in_the_original(client: Client) -> None:
    analysis, fields = analysed(client)
    change = {"id": fields[0]["id"], "action": "modify", "changes": {"label": "Where to write to", "required": False}}
    reviewed = client.review(analysis, [change])
    assert reviewed.version > analysis.version
    assert client.result(analysis.id)["form"]["fields"][0]["label"] == "Where to write to"
    assert client.result(analysis.id, original=True)["form"]["fields"][0]["label"] == fields[0]["label"]


def test_what_was_decided_can_be_read(client: Client, http: httpx.Client) -> None:
    analysis, fields = analysed(client)
    client.review(analysis, [{"id": fields[0]["id"], "action": "approve"}])
    decided = http.get(f"/v1/analyses/{analysis.id}/review").json()["fields"]
    assert decided[fields[0]["id"]]["action"] == "approve"


def test_a_review_of_an_old_version_changes_nothing(client: Client, http: httpx.Client) -> None:
    analysis, fields = analysed(client)
    action = {"id": fields[0]["id"], "action": "approve"}
    client.review(analysis, [action])
    with pytest.raises(client_errors.PreconditionFailed) as caught:
        client.review(analysis, [action])
    assert caught.value.status == 412
    path, body = f"/v1/analyses/{analysis.id}/review", {"fields": [action]}
    assert code(http.post(path, json=body)) == (428, "precondition_failed")
    assert code(http.post(path, json=body, headers={"if-match": "7"})) == (422, "invalid_request")
    assert http.post(path, json=body, headers={"if-match": "*"}).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"fields": [{"id": "none-such", "action": "approve"}]},
        {"fields": [{"id": "x", "action": "bless"}]},
        {"fields": "all"},
        {"unknown": True},
    ],
)
def test_a_wrong_review_is_refused_with_what_is_wrong(client: Client, http: httpx.Client, body: dict[str, Any]) -> None:
    analysis, _ = analysed(client)
    answer = http.post(f"/v1/analyses/{analysis.id}/review", json=body, headers={"if-match": "*"})
    assert code(answer) in {(422, "invalid_request"), (404, "not_found")}


def test_a_finished_review_makes_a_form_with_its_schema(form: Form, client: Client, http: httpx.Client) -> None:
    assert form.open
    assert form.fields_count == len(form.definition["fields"])
    assert form.share_path.startswith("/f/")
    assert form.id in {one.id for one in client.forms(page_size=5)}
    answer = http.get(f"/v1/forms/{form.id}")
    assert http.get(f"/v1/forms/{form.id}", headers={"if-none-match": answer.headers["etag"]}).status_code == 304
    schema = http.get(f"/v1/forms/{form.id}/schema")
    assert schema.json()["type"] == "object"
    assert schema.headers["content-type"] == "application/schema+json"


def test_a_form_is_closed_by_who_saw_its_version(form: Form, client: Client, http: httpx.Client) -> None:
    closed = client.set_open(form, False)
    assert not closed.open
    with pytest.raises(client_errors.PreconditionFailed):
        client.set_open(form, True)
    assert code(http.patch(f"/v1/forms/{form.id}", json={"open": True})) == (428, "precondition_failed")
    assert code(http.patch(f"/v1/forms/{form.id}", json={"title": "x"}, headers={"if-match": "*"})) == (
        422,
        "invalid_request",
    )


def test_responses_are_listed_and_exported(
    form: Form, server: RunningServer, client: Client, http: httpx.Client
) -> None:
    token = form.share_path.removeprefix("/f/")
    names = [field["name"] for field in form.definition["fields"] if field["type"] in {"text", "email"}]
    email = next(field["name"] for field in form.definition["fields"] if field["type"] == "email")
    for number in range(3):
        values = {email: f"couple{number}@example.test"}
        server.call(lambda values=values: server.application.forms.respond(token, values, idempotency_key=None))  # type: ignore[misc]
    assert [one.values[email] for one in client.responses(form.id, page_size=2)]
    assert len(list(client.responses(form.id, page_size=2))) == 3
    exported = http.get(f"/v1/forms/{form.id}/responses.csv")
    assert exported.headers["content-type"] == "text/csv; charset=utf-8"
    assert exported.headers["content-disposition"].startswith("attachment")
    assert len(list(csv.reader(io.StringIO(exported.text)))) == 4
    assert http.get(f"/v1/forms/{form.id}/responses.json").json()
    assert names
    assert client.form(form.id).responses_count == 3
