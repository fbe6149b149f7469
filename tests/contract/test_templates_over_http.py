"""A second upload of an approved form over the wire: same ids, corrections kept, never across tenants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from procession.client import Analysis, Client
from tests.contract.conftest import KEYS
from tests.contract.test_uploads_over_http import code
from tests.support.copies import form, scanned
from tests.support.server import RunningServer

FILLED = {"Name of partner one": "Anna Berger", "Wedding date": "12 June 2027"}
TITLE = "Consultation of Rosewood Flowers and Garden"


@pytest.fixture(scope="module")
def flora(keyed: RunningServer) -> Iterator[Client]:
    with keyed.client(KEYS["flora"]) as made:
        yield made


@pytest.fixture(scope="module")
def approved(flora: Client) -> Analysis:
    analysis = flora.wait(flora.submit(form(title=TITLE)).id, 120)
    corrected = {"id": "field-8", "action": "modify", "changes": {"label": "Flowers you love", "required": True}}
    finished = flora.review(analysis, [corrected, {"id": "field-9", "action": "reject"}], finish=True)
    assert finished.form_id is not None
    return finished


def upload(server: RunningServer, tenant: str, data: bytes, **query: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The analysis, and its result."""
    headers = {"Authorization": f"Bearer {KEYS[tenant]}", "Content-Type": "application/pdf"}
    with httpx.Client(base_url=server.base_url, headers=headers, timeout=120) as http:
        made = http.post("/v1/analyses", params={"wait": "60", **query}, content=data).json()
        result = http.get(f"/v1/analyses/{made['id']}/result").json()
    return made, result


@pytest.mark.parametrize("make", [lambda data: data, scanned], ids=["filled", "filled and scanned"])
def test_a_second_upload_has_the_same_ids_the_corrections_and_its_own_values(
    keyed: RunningServer, flora: Client, approved: Analysis, make: Any
) -> None:
    made, result = upload(keyed, "flora", make(form(FILLED, title=TITLE)))
    wanted = flora.result(approved.id)["form"]["fields"]
    assert [one["id"] for one in result["form"]["fields"]] == [one["id"] for one in wanted]
    fields = {one["id"]: one for one in result["form"]["fields"]}
    assert (fields["field-8"]["label"], fields["field-8"]["required"]) == ("Flowers you love", True)
    assert fields["field-1"]["value"] == "Anna Berger"
    assert fields["field-5"]["value"] == "2027-06-12"
    assert made["template_id"] == result["template_id"]
    assert result["template_id"].startswith("tpl_")
    assert result["warnings"][0].startswith("Known form: your approved definition of ")


def test_another_tenant_s_upload_of_the_same_form_is_not_known(keyed: RunningServer, approved: Analysis) -> None:
    made, result = upload(keyed, "venue", form(FILLED, title=TITLE))
    assert (made["template_id"], result["template_id"]) == (None, None)
    assert "Flowers you love" not in [one["label"] for one in result["form"]["fields"]]
    headers = {"Authorization": f"Bearer {KEYS['venue']}"}
    path = f"{keyed.base_url}/v1/forms/{approved.form_id}/template"
    assert code(httpx.get(path, headers=headers)) == (404, "not_found")
    assert code(httpx.delete(path, headers=headers)) == (404, "not_found")


def test_an_upload_may_ask_to_be_read_without_it(keyed: RunningServer, approved: Analysis) -> None:
    made, result = upload(keyed, "flora", form(FILLED, title=TITLE), templates="false")
    assert made["template_id"] is None
    assert "Colour scheme" in [one["label"] for one in result["form"]["fields"]]
    headers = {"Authorization": f"Bearer {KEYS['flora']}", "Content-Type": "application/pdf"}
    refused = httpx.post(f"{keyed.base_url}/v1/analyses?templates=maybe", content=form(), headers=headers)
    assert code(refused) == (422, "invalid_request")


def test_the_form_tells_how_many_copies_were_known_and_can_be_forgotten(
    keyed: RunningServer, flora: Client, approved: Analysis
) -> None:
    headers = {"Authorization": f"Bearer {KEYS['flora']}"}
    with httpx.Client(base_url=keyed.base_url, headers=headers, timeout=60) as http:
        before = http.get(f"/v1/forms/{approved.form_id}/template").json()
        made, _ = upload(keyed, "flora", form({"Number of guests": "40"}, title=TITLE))
        told = http.get(f"/v1/forms/{approved.form_id}/template").json()
        assert (told["id"], told["uploads"]) == (made["template_id"], before["uploads"] + 1)
        assert told["form_id"] == approved.form_id
        shown = http.get(f"/analyses/{made['id']}").text
        assert "Known form: your approved definition of " in shown
        assert "Analyse without the known form" in shown
        assert "Copies of this form" in http.get(f"/forms/{approved.form_id}").text
        afresh = http.post(f"/analyses/{made['id']}/afresh", headers={"Sec-Fetch-Site": "same-origin"})
        assert afresh.status_code == 303
        again = flora.wait(afresh.headers["location"].rsplit("/", 1)[-1], 60)
        assert flora.result(again.id)["template_id"] is None
        assert http.delete(f"/v1/forms/{approved.form_id}/template").status_code == 204
        assert http.get(f"/v1/forms/{approved.form_id}/template").status_code == 404
        assert http.delete(f"/v1/forms/{approved.form_id}/template").status_code == 404
    made, _ = upload(keyed, "flora", form({"Number of guests": "41"}, title=TITLE))
    assert made["template_id"] is None
