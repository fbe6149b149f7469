from __future__ import annotations

import pikepdf

from procession.digitize.document import open_document
from procession.digitize.widgets import Widgets, read_widgets
from tests.unit.digitize.made import acroform, changed, drawn


def widgets(data: bytes) -> Widgets:
    document = open_document(data)
    try:
        frames = {number: document.page(number).frame for number in range(1, len(document) + 1)}
        return read_widgets(document.data, frames)
    finally:
        document.close()


def test_every_kind_is_read_with_value_options_and_limits() -> None:
    found = {one.name: one for one in widgets(drawn(acroform)).by_page[1]}
    guests, vegan, hour, dish = found["guests"], found["vegan"], found["hour"], found["dish"]
    assert (guests.kind, guests.value, guests.max_length, guests.label) == ("text", "80", 4, "Guest count")
    assert (vegan.kind, vegan.value) == ("checkbox", "true")
    assert (hour.kind, hour.value, [option.value for option in hour.options]) == ("radio", "dusk", ["noon", "dusk"])
    assert all(option.box is not None for option in hour.options)
    assert (dish.kind, [option.label for option in dish.options]) == ("choice", ["Soup", "Pie"])


def test_a_form_whose_page_forgot_its_widgets_is_still_read() -> None:
    def forget(pdf: pikepdf.Pdf) -> None:
        del pdf.pages[0]["/Annots"]

    assert len(widgets(changed(drawn(acroform), forget)).by_page[1]) == 4


def test_xfa_is_warned_about() -> None:
    def add(pdf: pikepdf.Pdf) -> None:
        pdf.Root.AcroForm.XFA = pdf.make_stream(b"<xdp/>")

    assert any("XFA" in warning for warning in widgets(changed(drawn(acroform), add)).warnings)


def test_a_loop_of_parents_ends() -> None:
    def loop(pdf: pikepdf.Pdf) -> None:
        node = pdf.pages[0].Annots[0]
        node.Parent = node

    assert widgets(changed(drawn(acroform), loop)).by_page[1]


def test_a_widget_hidden_under_another_of_any_kind_counts_once() -> None:
    def stack(pdf: pikepdf.Pdf) -> None:
        box = next(one for one in pdf.pages[0].obj.Annots if str(one.get("/T", "")) == "vegan")
        under = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Widget, FT=pikepdf.Name.Tx)
        under.T, under.Rect = "undefined", box.Rect
        hidden = pdf.make_indirect(under)
        pdf.pages[0].obj.Annots.append(hidden)
        pdf.Root.AcroForm.Fields.append(hidden)

    found = {one.name: one.kind for one in widgets(changed(drawn(acroform), stack)).by_page[1]}
    assert found["vegan"] == "checkbox"
    assert "undefined" not in found
