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
