"""From a dropped PDF to a couple's answer, through the eyes and the keyboard of those who do it."""

from __future__ import annotations

import base64
import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from procession.settings import Settings
from tests.e2e.conftest import Watched, opened
from tests.support import documents
from tests.support.server import running

pytestmark = pytest.mark.e2e

READABLE = re.compile("requires_review|completed")


def upload(page: Page, name: str, content: bytes) -> Locator:
    """Hand in one file on the first page; its line in the list."""
    page.goto("/")
    page.set_input_files("#files", [{"name": name, "mimeType": "application/pdf", "buffer": content}])
    row = page.locator(".row", has_text=name)
    row.wait_for()
    return row


def test_an_empty_list_says_what_to_do_and_brings_an_example(browser: Browser, tmp_path: Path) -> None:
    with running(Settings(data=tmp_path / "empty")) as fresh:
        context, page, watched = opened(browser, fresh.base_url)
        page.goto("/")
        expect(page.get_by_text("Nothing here yet.")).to_be_visible()
        page.get_by_role("button", name="Try it with an example").click()
        expect(page.locator(".row")).to_have_attribute("data-state", READABLE)
        context.close()
    assert watched.faults == []


def review(page: Page, name: str, content: bytes) -> None:
    row = upload(page, name, content)
    expect(row).to_have_attribute("data-state", READABLE)
    row.get_by_role("link", name=f"Review {name}", exact=True).click()
    page.locator("main[data-ready=yes]").wait_for()


def saved(page: Page) -> None:
    expect(page.locator("#saved")).to_have_attribute("data-state", "saved")


def test_progress_is_live_and_survives_a_reload(watched_page: tuple[Page, Watched]) -> None:
    page, _ = watched_page
    row = upload(page, "long.pdf", documents.form(pages=1800))
    expect(row).to_have_attribute("data-state", "processing")
    expect(row.locator(".row-state")).to_contain_text(re.compile(r"page [1-9][\d,]* of 1,800"))
    page.reload()
    row = page.locator(".row", has_text="long.pdf")
    expect(row.locator(".row-state")).to_contain_text(re.compile(r"page [1-9][\d,]* of 1,800"))
    row.get_by_role("button", name="Cancel").click()
    expect(row).to_have_attribute("data-state", "cancelled")


def test_a_pdf_becomes_a_form_that_a_couple_answers(
    watched_page: tuple[Page, Watched], example: bytes, tmp_path: Path
) -> None:
    page, watched = watched_page
    review(page, "wedding-consultation.pdf", example)
    correct_a_field_by_keyboard(page)
    approve_and_undo(page)
    page.get_by_role("button", name="Finish and make the form").click()
    page.wait_for_url("**/forms/**")
    form = page.url.split("?")[0]
    expect(page.get_by_text("The form is made.")).to_be_visible()
    link = page.locator("#share").input_value()
    watched.expected.add(422)  # the first answer lacks something, on purpose
    answer_with_an_error_first(page, link)
    page.goto(form)
    expect(page.locator("#responses")).to_have_attribute("data-count", "1")
    expect(page.locator("#responses tbody tr")).to_contain_text("Ana Example")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()
    target = tmp_path / "answers.csv"
    download.value.save_as(target)
    table = list(csv.reader(target.read_text(encoding="utf-8-sig").splitlines()))
    assert len(table) == 2
    assert "Ana Example" in table[1]
    page.get_by_role("button", name="Close the form").click()
    expect(page.locator("main")).to_have_attribute("data-state", "closed")
    watched.expected.add(410)
    page.goto(link)
    expect(page.get_by_role("heading", name="This form is closed")).to_be_visible()


def correct_a_field_by_keyboard(page: Page) -> None:
    chosen = page.locator(".field.chosen")
    page.locator(".field-row", has_text="Partner 1 full name").click()
    page.keyboard.press("e")
    page.keyboard.type("Name of the first partner")
    page.keyboard.press("Escape")
    saved(page)
    expect(chosen).to_have_attribute("data-status", "changed")
    expect(chosen.locator("[data-part=label]")).to_have_text("Name of the first partner")
    page.locator(".editor [data-edit=required]").check()
    saved(page)
    name = chosen.get_attribute("data-field")
    page.reload()
    page.locator("main[data-ready=yes]").wait_for()
    kept = page.locator(f"[data-field='{name}']")
    expect(kept.locator("[data-part=label]")).to_have_text("Name of the first partner")
    expect(kept).to_have_attribute("data-status", "changed")


def approve_and_undo(page: Page) -> None:
    page.locator(".field[data-status=open] .field-row, .field[data-status=look] .field-row").first.click()
    name = page.locator(".field.chosen").get_attribute("data-field")
    field = page.locator(f"[data-field='{name}']")
    box = page.locator(f"[data-box='{name}']")
    expect(box).to_have_class(re.compile("chosen"))
    page.keyboard.press("a")
    expect(field).to_have_attribute("data-status", "approved")
    expect(box).to_have_attribute("data-status", "approved")
    expect(page.locator(".field.chosen")).not_to_have_attribute("data-field", name or "")
    page.keyboard.press("u")
    expect(field).to_have_attribute("data-status", re.compile("open|look"))
    page.keyboard.press("x")
    expect(field).to_have_attribute("data-status", "left_out")
    page.keyboard.press("u")
    page.keyboard.press("j")
    expect(page.locator(".field.chosen")).not_to_have_attribute("data-field", name or "")
    page.keyboard.press("k")
    expect(page.locator(".field.chosen")).to_have_attribute("data-field", name or "")
    page.get_by_role("button", name="Approve all remaining").click()
    saved(page)
    expect(page.locator(".field[data-status=open], .field[data-status=look]")).to_have_count(0)


def answer_with_an_error_first(page: Page, link: str) -> None:
    page.goto(link)
    assert page.locator("meta[name=robots]").get_attribute("content") == "noindex, nofollow"
    fill_the_form(page)
    first = page.get_by_label("Name of the first partner")
    first.fill("")
    page.get_by_role("button", name="Send your answers").click()
    errors = page.locator("#errors")
    expect(errors).to_be_visible()
    page.locator("#errors a", has_text="Name of the first partner").click()
    expect(first).to_be_focused()
    page.keyboard.type("Ana Example")
    page.get_by_role("button", name="Send your answers").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()


def fill_the_form(page: Page) -> None:
    """A valid answer to every question of the form that must be answered, whatever its type."""
    values = {
        "email": "ana@example.com",
        "tel": "+44 20 7946 0958",
        "date": "2027-05-08",
        "time": "14:30",
        "number": "80",
    }
    for ask in page.locator(".ask").all():
        if not ask.locator(".must").count():
            continue
        options = ask.locator("fieldset input")
        if options.count():
            options.first.check()
        elif ask.locator("select").count():
            ask.locator("select").select_option(index=1)
        elif ask.locator("input[type=checkbox]").count():
            ask.locator("input[type=checkbox]").check()
        else:
            box = ask.locator("input, textarea")
            kind = box.get_attribute("type") or "text"
            amount = "1200" if ask.get_attribute("data-type") == "currency" else "Example"
            box.fill(values.get(kind, amount))


def test_boxes_on_the_paper_and_rows_of_the_list_choose_each_other(
    watched_page: tuple[Page, Watched], example: bytes
) -> None:
    page, _ = watched_page
    review(page, "both-ways.pdf", example)
    boxes = page.locator("#page-1 [data-box]")
    name = boxes.nth(2).get_attribute("data-box")
    boxes.nth(2).locator(".box").click()
    expect(page.locator(".field.chosen")).to_have_attribute("data-field", name or "")
    expect(boxes.nth(2).locator(".box")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(boxes.nth(3)).to_have_class(re.compile("chosen"))
    page.keyboard.press("Enter")
    expect(page.locator(".field.chosen .field-row")).to_be_focused()
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()


def test_a_change_from_elsewhere_is_read_again_and_said(watched_page: tuple[Page, Watched], example: bytes) -> None:
    page, watched = watched_page
    watched.expected.add(412)
    review(page, "two-reviewers.pdf", example)
    names = [row.get_attribute("data-field") for row in page.locator(".field").all()[:2]]
    other = page.context.new_page()
    other.goto(page.url.split("#")[0] + f"#field-{names[1]}")
    other.locator("main[data-ready=yes]").wait_for()
    other.keyboard.press("x")
    saved(other)
    page.locator(f"#field-{names[0]} .field-row").click()
    page.keyboard.press("a")
    expect(page.locator("#said")).to_contain_text("Somebody else changed this review")
    saved(page)
    expect(page.locator(f"#field-{names[0]}")).to_have_attribute("data-status", "approved")
    expect(page.locator(f"#field-{names[1]}")).to_have_attribute("data-status", "left_out")


def test_a_refused_file_says_what_is_wrong_and_what_to_do(watched_page: tuple[Page, Watched]) -> None:
    page, watched = watched_page
    watched.expected.add(422)
    page.goto("/")
    page.set_input_files("#files", [{"name": "notes.pdf", "mimeType": "application/pdf", "buffer": b"just text"}])
    row = page.locator(".upload-row", has_text="notes.pdf")
    expect(row).to_have_attribute("data-state", "refused")
    expect(row).to_contain_text("not a PDF")
    expect(row).to_contain_text("Export or print it as PDF")
    row.get_by_role("button", name="Dismiss").click()
    expect(row).to_have_count(0)


DROP = """(files) => {
  const carried = new DataTransfer();
  for (const [name, text] of files) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    carried.items.add(new File([bytes], name, {type: "application/pdf"}));
  }
  const event = (kind) => new DragEvent(kind, {dataTransfer: carried, bubbles: true, cancelable: true});
  document.querySelector("h1").dispatchEvent(event("dragenter"));
  window.covered = document.body.hasAttribute("data-dropping");
  document.querySelector("h1").dispatchEvent(event("drop"));
}"""


def test_files_dropped_anywhere_on_the_page_are_taken_each_on_its_own(watched_page: tuple[Page, Watched]) -> None:
    page, watched = watched_page
    watched.expected.add(422)
    page.goto("/")
    page.locator("main[data-ready=yes]").wait_for()
    dropped = [("first.pdf", documents.form()), ("second.pdf", documents.form()), ("broken.pdf", b"no document")]
    page.evaluate(DROP, [[name, base64.b64encode(content).decode()] for name, content in dropped])
    assert page.evaluate("window.covered"), "the page shows that it takes the drop"
    for name in ("first.pdf", "second.pdf"):
        expect(page.locator(".row", has_text=name)).to_have_attribute("data-state", READABLE)
    expect(page.locator(".upload-row")).to_have_count(1)
    expect(page.locator(".upload-row")).to_contain_text("broken.pdf")


def test_a_locked_pdf_fails_with_its_reason_and_can_be_deleted(watched_page: tuple[Page, Watched]) -> None:
    page, _ = watched_page
    row = upload(page, "locked.pdf", documents.locked())
    expect(row).to_have_attribute("data-state", "failed")
    expect(row).to_contain_text("locked with a password")
    row.get_by_role("link", name="Delete").click()
    dialog = page.locator("#confirm")
    expect(dialog).to_contain_text("cannot be undone")
    dialog.get_by_role("button", name="Delete").click()
    page.wait_for_url("**/")
    expect(page.locator(".row", has_text="locked.pdf")).to_have_count(0)


def test_a_field_that_was_missed_is_drawn_named_and_kept(watched_page: tuple[Page, Watched], example: bytes) -> None:
    page, _ = watched_page
    review(page, "missed.pdf", example)
    before = page.locator(".field").count()
    page.get_by_role("button", name="Add a field").click()
    sheet = page.locator("#page-1 .overlay").bounding_box()
    assert sheet is not None
    page.mouse.move(sheet["x"] + 40, sheet["y"] + 12)
    page.mouse.down()
    page.mouse.move(sheet["x"] + 240, sheet["y"] + 34, steps=4)
    page.mouse.up()
    expect(page.locator(".editor [data-edit=label]")).to_be_focused()
    page.keyboard.type("Dress code")
    page.keyboard.press("Escape")
    saved(page)
    expect(page.locator(".field")).to_have_count(before + 1)
    chosen = page.locator(".field.chosen")
    expect(chosen).to_have_attribute("data-status", "added")
    name = chosen.get_attribute("data-field")
    drawn = page.locator(f"[data-box='{name}'] .box")
    start = float(drawn.get_attribute("x") or "nan")
    assert abs(start - 40 / sheet["width"]) < 0.01
    drawn.click()
    page.keyboard.press("Shift+ArrowRight")
    saved(page)
    assert float(drawn.get_attribute("x") or "nan") > start
    page.reload()
    page.locator("main[data-ready=yes]").wait_for()
    kept = page.locator(f"[data-field='{name}']")
    expect(kept.locator("[data-part=label]")).to_have_text("Dress code")
    assert page.locator(".field").first.get_attribute("data-field") == name  # where it stands on the paper


def test_a_field_is_added_and_taken_back_by_keyboard(watched_page: tuple[Page, Watched], example: bytes) -> None:
    page, _ = watched_page
    review(page, "missed-keys.pdf", example)
    before = page.locator(".field").count()
    page.keyboard.press("n")
    expect(page.locator(".field")).to_have_count(before + 1)
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    expect(page.locator(".field")).to_have_count(before)
    expect(page.locator("[data-added=yes]")).to_have_count(0)
    saved(page)
    page.keyboard.press("n")
    page.keyboard.type("Dress code")
    page.keyboard.press("Escape")
    saved(page)
    page.keyboard.press("x")
    expect(page.locator(".field")).to_have_count(before)
    saved(page)


def test_the_review_opens_at_the_least_sure_field(watched_page: tuple[Page, Watched], example: bytes) -> None:
    page, _ = watched_page
    review(page, "unsure.pdf", example)
    opened_at = page.locator(".field.chosen").get_attribute("data-field")
    fields = page.evaluate("JSON.parse(document.getElementById('review-data').textContent).fields")
    unsure = [one for one in fields if one["needs_review"]] or fields[:1]
    assert opened_at == min(unsure, key=lambda one: one["confidence"])["id"]
