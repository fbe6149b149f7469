"""Answers back on paper, as the API hands them out."""

from __future__ import annotations

import io
import json
from pathlib import Path

import httpx
import pikepdf
import pytest

from procession.client import Analysis, AsyncClient, Client
from procession.client import errors as client_errors
from procession.client.models import Form
from procession.http.api.paper import NOTES_HEADER_BYTES_MAX, notes_header
from tests.contract.conftest import KEYS
from tests.contract.test_photos_over_http import sheet
from tests.contract.test_uploads_over_http import code
from tests.support import documents
from tests.support.server import RunningServer
from tests.unit.digitize.papers import pages_of

ANSWERS = {"couple_s_e_mail": "zoe@example.com", "vegetarian_menu": True, "number_of_guests": 85}


def reviewed(client: Client, content: bytes, **values: object) -> Analysis:
    """Analysed, the named fields answered in review, finished."""
    analysis = client.wait(client.submit(content, name="Menü für zwei.pdf").id, 60)
    named = {field["name"]: field["id"] for field in client.result(analysis.id)["form"]["fields"]}
    changes = [{"id": named[name], "action": "modify", "changes": {"value": value}} for name, value in values.items()]
    return client.review(analysis, changes, finish=True)


def answered(server: RunningServer, form: Form) -> str:
    """Id of a couple's response."""
    token = form.share_path.removeprefix("/f/")
    made = server.call(lambda: server.application.forms.respond(token, ANSWERS, idempotency_key=None))
    return str(made.id)


def fields_of(content: bytes) -> dict[str, str]:
    with pikepdf.open(io.BytesIO(content)) as pdf:
        return {str(one.T): str(one.get("/V", "")) for one in pdf.Root.AcroForm.Fields}


def test_reviewed_values_stand_in_the_documents_own_fields(client: Client, http: httpx.Client) -> None:
    analysis = reviewed(client, documents.acroform(), couple_s_e_mail="zoe@example.com", number_of_guests=85)
    answer = http.get(f"/v1/analyses/{analysis.id}/filled.pdf")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert "filename*=UTF-8''Men%C3%BC%20f%C3%BCr%20zwei-filled.pdf" in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "no-store"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert {**fields_of(answer.content), "vegetarian": ""} == {
        "email": "zoe@example.com",
        "guests": "85",
        "vegetarian": "",
    }
    assert client.filled(analysis.id).content == answer.content


def test_a_response_comes_back_filled_and_flattened(server: RunningServer, client: Client) -> None:
    analysis = reviewed(client, documents.acroform())
    assert analysis.form_id is not None
    response = answered(server, client.form(analysis.form_id))
    filled = client.filled_response(analysis.form_id, response)
    assert fields_of(filled.content)["vegetarian"] not in ("", "/Off")
    flat = client.filled_response(analysis.form_id, response, flatten=True)
    with pikepdf.open(io.BytesIO(flat.content)) as pdf:
        assert "/AcroForm" not in pdf.Root
    assert {"zoe@example.com", "85"} <= {word.text for word in pages_of(flat.content)[0].words}


def test_a_document_without_fields_has_its_answers_drawn_and_notes_tell_what_did_not_fit(
    client: Client, http: httpx.Client
) -> None:
    analysis = reviewed(client, documents.form(), bride_s_name="Zoë " * 400, bride_s_name_2="zoe@example.com")
    answer = http.get(f"/v1/analyses/{analysis.id}/filled.pdf", params={"flatten": "true"})
    (note,) = json.loads(answer.headers["procession-notes"])
    assert "last page" in note
    assert client.filled(analysis.id, flatten=True).notes == (note,)
    first, last = pages_of(answer.content)
    assert "zoe@example.com" in {word.text for word in first.words}
    assert sum(word.text == "Zoë" for word in last.words) == 400


def test_a_photograph_comes_back_as_a_pdf(client: Client) -> None:
    analysis = client.wait(client.submit(sheet("Form"), name="form.png").id, 60)
    assert client.filled(analysis.id).content.startswith(b"%PDF-")


async def test_the_asynchronous_client_asks_the_same(server: RunningServer, client: Client) -> None:
    analysis = reviewed(client, documents.acroform())
    assert analysis.form_id is not None
    response = answered(server, client.form(analysis.form_id))
    async with AsyncClient(server.base_url) as ours:
        assert (await ours.filled(analysis.id)).content == client.filled(analysis.id).content
        copy = await ours.filled_response(analysis.form_id, response, flatten=True)
    assert copy == client.filled_response(analysis.form_id, response, flatten=True)


def test_what_is_not_there_or_not_ready_is_said_so(client: Client, http: httpx.Client, resting: RunningServer) -> None:
    assert code(http.get("/v1/analyses/an_none/filled.pdf")) == (404, "not_found")
    assert code(http.get("/v1/forms/form_none/responses/resp_none/filled.pdf")) == (404, "not_found")
    analysis = reviewed(client, documents.acroform())
    assert code(http.get(f"/v1/forms/{analysis.form_id}/responses/resp_none/filled.pdf")) == (404, "not_found")
    assert code(http.get(f"/v1/analyses/{analysis.id}/filled.pdf?flatten=perhaps")) == (422, "invalid_request")
    broken = client.wait(client.submit(documents.truncated()).id, 60)
    assert code(http.get(f"/v1/analyses/{broken.id}/filled.pdf")) == (409, "conflict")
    with resting.client() as waiting:
        pending = waiting.submit(documents.form())
        with pytest.raises(client_errors.Conflict):
            waiting.filled(pending.id)


def test_another_tenant_gets_no_copy(keyed: RunningServer) -> None:
    with keyed.client(KEYS["flora"]) as flora, keyed.client(KEYS["venue"]) as venue:
        analysis = reviewed(flora, documents.acroform())
        assert analysis.form_id is not None
        response = answered(keyed, flora.form(analysis.form_id))
        assert flora.filled_response(analysis.form_id, response).content
        for ask in (
            lambda: venue.filled(analysis.id),
            lambda: venue.filled_response(str(analysis.form_id), response),
        ):
            with pytest.raises(client_errors.NotFound):
                ask()
    with httpx.Client(base_url=keyed.base_url) as nobody:
        assert code(nobody.get(f"/v1/analyses/{analysis.id}/filled.pdf")) == (401, "unauthenticated")


def test_notes_past_the_headers_limit_are_left_out() -> None:
    note = "ü" * 400
    assert json.loads(notes_header([note])) == [note]
    kept = json.loads(notes_header([note] * 50))
    assert 0 < len(kept) < 50
    assert len(notes_header([note] * 50)) <= NOTES_HEADER_BYTES_MAX


def test_the_command_writes_a_copy(server: RunningServer, client: Client, tmp_path: Path) -> None:
    from tests.contract.test_remote_commands import run

    analysis = reviewed(client, documents.form(), bride_s_name="Zoë " * 400)
    out = tmp_path / "filled.pdf"
    result = run(server.base_url, "show", analysis.id, "--filled", str(out), "--flatten")
    assert result.exit_code == 0, result.output
    assert len(pages_of(out.read_bytes())) == 2
    assert "last page" in result.stderr
    nowhere = run(server.base_url, "show", analysis.id, "--filled", str(tmp_path / "none" / "x.pdf"))
    assert nowhere.exit_code == 2
    assert "cannot be written" in nowhere.stderr
