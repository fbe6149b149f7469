"""Turns a drawn form into an interactive one: AcroForm widgets over the boxes that were drawn."""

from __future__ import annotations

import io
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, Stream, String

from examples.forms import YES_NO
from examples.paper import Ask, Paper, Vendor, slug

STYLIST = Vendor(
    "Honeycomb Hair & Make-up",
    "Bridal styling in the salon or at your door",
    "#8a4b2f",
    "21 Example Parade, Springfield",
    "+1 555 0131",
    "diary@honeycomb.example.com",
)
REQUIRED, MULTILINE, RADIO, COMBO, NO_TOGGLE = 1 << 1, 1 << 12, 1 << 15, 1 << 17, 1 << 14
LENGTHS = {"Party name": 40, "Postcode": 10}
CHOICES = {"Stylist": ("No preference", "Senior stylist", "Junior stylist", "Salon owner")}


def booking() -> Paper:
    """The drawn page under the widgets."""
    p = Paper(STYLIST, "Booking Form", style="box")
    p.section("Who")
    p.rows(
        [Ask("Party name", "text", "partner_1_name", True), Ask("Email", "email", "couple_email", True)],
        [Ask("Phone", "phone", "couple_phone"), Ask("Wedding date", "date", "wedding_date", True)],
        [Ask("Getting ready at", "address", "venue_address", True, weight=2), Ask("Postcode", "text")],
    )
    p.section("What")
    p.rows(
        [Ask("People to style", "number", None, True), Ask("Stylist", "select"), Ask("Ready by", "time")],
        [Ask("Look", "radio", None, True, ("Natural", "Classic", "Glamorous"))],
        [Ask("Trial session?", "radio", options=YES_NO)],
        [Ask("Hair", "checkbox", options=("Hair",)), Ask("Make-up", "checkbox", options=("Make-up",))],
        [Ask("Skin sensitivities and wishes", "textarea", "special_requests")],
        [Ask("Agreed price", "currency", "total_amount"), Ask("Deposit", "currency", "deposit_amount")],
    )
    p.section("Agreement")
    terms = "I have read the terms on honeycomb.example.com"
    p.row([Ask(terms, "checkbox", None, True, (terms,))])
    p.y += 4
    p.row([Ask("Client signature", "signature", "client_signature", True, weight=1.5), Ask("Date", "date", None, True)])
    for entry in p.truth.fields:
        if entry["label"] in CHOICES:
            entry["options"] = list(CHOICES[entry["label"]])
    return p


def with_widgets(paper: Paper) -> bytes:
    """The PDF with one form field per question; radio buttons of one question share a field."""
    pdf = Pdf.open(io.BytesIO(paper.finish()))
    helvetica = pdf.make_indirect(
        Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding)
    )
    fields = Array()
    groups: dict[str, Any] = {}
    for entry in paper.truth.fields:
        page = pdf.pages[entry["page"] - 1]
        rect = _rect(entry["box"], paper)
        if entry["type"] == "radio":
            group = groups.get(entry["name"])
            if group is None:
                group = groups[entry["name"]] = pdf.make_indirect(_radio_group(entry))
                fields.append(group)
            widget = pdf.make_indirect(_button(pdf, page, rect, slug(entry["option"]), "l"))
            widget.Parent = group
            group.Kids.append(widget)
        else:
            widget = pdf.make_indirect(_field(pdf, page, rect, entry))
            fields.append(widget)
        if "/Annots" not in page:
            page.Annots = Array()
        page.Annots.append(widget)
    pdf.Root.AcroForm = Dictionary(
        Fields=fields,
        NeedAppearances=True,
        DA=String("/Helv 10 Tf 0 g"),
        DR=Dictionary(Font=Dictionary(Helv=helvetica)),
    )
    out = io.BytesIO()
    pdf.save(out, static_id=True, compress_streams=False, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return out.getvalue()


def _rect(box: list[float], paper: Paper) -> Any:
    x0, y0, x1, y1 = box
    w, h = paper.width, paper.height
    return Array([round(x0 * w, 2), round(h - y1 * h, 2), round(x1 * w, 2), round(h - y0 * h, 2)])


def _base(page: Any, rect: Any) -> Any:
    return Dictionary(Type=Name.Annot, Subtype=Name.Widget, Rect=rect, P=page.obj, F=4)


def _radio_group(entry: dict[str, Any]) -> Any:
    flags = RADIO | NO_TOGGLE | (REQUIRED if entry["required"] else 0)
    return Dictionary(
        FT=Name.Btn, T=String(entry["name"]), TU=String(entry["label"]), Ff=flags, V=Name.Off, Kids=Array()
    )


def _button(pdf: Pdf, page: Any, rect: Any, state: str, mark: str) -> Any:
    """A widget with an appearance for ``state`` (its mark in ZapfDingbats) and an empty one for Off."""
    side = float(rect[2]) - float(rect[0])
    dingbats = Dictionary(
        Font=Dictionary(ZaDb=Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.ZapfDingbats))
    )

    def appearance(drawing: str) -> Any:
        stream = Stream(pdf, drawing.encode())
        stream.Type, stream.Subtype = Name.XObject, Name.Form
        stream.BBox, stream.Resources = Array([0, 0, side, side]), dingbats
        return stream

    widget = _base(page, rect)
    on = appearance(f"BT /ZaDb {side:.1f} Tf {side * 0.12:.2f} {side * 0.15:.2f} Td ({mark}) Tj ET")
    widget.AP = Dictionary(N=Dictionary({f"/{state}": on, "/Off": appearance("")}))
    widget.AS = Name.Off
    widget.MK = Dictionary(CA=String(mark))
    return widget


def _field(pdf: Pdf, page: Any, rect: Any, entry: dict[str, Any]) -> Any:
    kind, flags = entry["type"], REQUIRED if entry["required"] else 0
    if kind == "checkbox":
        widget = _button(pdf, page, rect, "Yes", "4")
        widget.FT, widget.V = Name.Btn, Name.Off
    else:
        widget = _base(page, rect)
        widget.FT = {"select": Name.Ch, "signature": Name.Sig}.get(kind, Name.Tx)
    if kind == "select":
        flags |= COMBO
        widget.Opt = Array([String(o) for o in entry["options"]])
    if kind == "textarea":
        flags |= MULTILINE
    if kind == "date":
        script = Dictionary(S=Name.JavaScript, JS=String('AFDate_FormatEx("mm/dd/yyyy");'))
        widget.AA = Dictionary(F=script)
    if entry["label"] in LENGTHS:
        widget.MaxLen = LENGTHS[entry["label"]]
        entry["max_length"] = LENGTHS[entry["label"]]
    if kind not in ("checkbox", "signature"):
        widget.DA = String("/Helv 10 Tf 0 g")
    widget.T, widget.TU, widget.Ff = String(entry["name"]), String(entry["label"]), flags
    return widget
