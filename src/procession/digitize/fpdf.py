"""PDFium's functions that are called for every letter and stroke, with plain numbers for handles and places in memory.

A call so takes a third of the time that one with typed pointers takes; the rest goes through ``pypdfium2.raw``.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any

import pypdfium2.raw as pdfium

OPAQUE_MIN = 13
"""What has less alpha, of 255, is not seen."""

Colour = tuple[int, int, int]
Six = tuple[float, float, float, float, float, float]


def handle(pointer: Any) -> int:
    """The number of a typed handle."""
    return ctypes.cast(pointer, ctypes.c_void_p).value or 0


def _plain(function: Any, result: Any, *arguments: Any) -> Any:
    return ctypes.CFUNCTYPE(result, *arguments)(handle(function))


_HANDLE, _PLACE, _INT = ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int
get_unicode = _plain(pdfium.FPDFText_GetUnicode, ctypes.c_uint, _HANDLE, _INT)
get_loose_char_box = _plain(pdfium.FPDFText_GetLooseCharBox, _INT, _HANDLE, _INT, _PLACE)
get_text_object = _plain(pdfium.FPDFText_GetTextObject, _HANDLE, _HANDLE, _INT)
get_font = _plain(pdfium.FPDFTextObj_GetFont, _HANDLE, _HANDLE)
get_render_mode = _plain(pdfium.FPDFTextObj_GetTextRenderMode, _INT, _HANDLE)
_get_font_name = _plain(pdfium.FPDFFont_GetBaseFontName, ctypes.c_size_t, _HANDLE, _PLACE, ctypes.c_size_t)
_get_fill_colour = _plain(pdfium.FPDFPageObj_GetFillColor, _INT, _HANDLE, *[_PLACE] * 4)
_get_stroke_colour = _plain(pdfium.FPDFPageObj_GetStrokeColor, _INT, _HANDLE, *[_PLACE] * 4)
get_page_object = _plain(pdfium.FPDFPage_GetObject, _HANDLE, _HANDLE, _INT)
get_form_object = _plain(pdfium.FPDFFormObj_GetObject, _HANDLE, _HANDLE, ctypes.c_ulong)
count_form_objects = _plain(pdfium.FPDFFormObj_CountObjects, _INT, _HANDLE)
get_object_type = _plain(pdfium.FPDFPageObj_GetType, _INT, _HANDLE)
count_segments = _plain(pdfium.FPDFPath_CountSegments, _INT, _HANDLE)
_get_segment = _plain(pdfium.FPDFPath_GetPathSegment, _HANDLE, _HANDLE, _INT)
_get_segment_type = _plain(pdfium.FPDFPathSegment_GetType, _INT, _HANDLE)
_get_segment_point = _plain(pdfium.FPDFPathSegment_GetPoint, _INT, _HANDLE, _PLACE, _PLACE)
_get_segment_close = _plain(pdfium.FPDFPathSegment_GetClose, _INT, _HANDLE)
get_clip_path = _plain(pdfium.FPDFPageObj_GetClipPath, _HANDLE, _HANDLE)
count_clip_paths = _plain(pdfium.FPDFClipPath_CountPaths, _INT, _HANDLE)
count_clip_segments = _plain(pdfium.FPDFClipPath_CountPathSegments, _INT, _HANDLE, _INT)
count_marks = _plain(pdfium.FPDFPageObj_CountMarks, _INT, _HANDLE)
_get_clip_segment = _plain(pdfium.FPDFClipPath_GetPathSegment, _HANDLE, _HANDLE, _INT, _INT)
_get_mark = _plain(pdfium.FPDFPageObj_GetMark, _HANDLE, _HANDLE, ctypes.c_ulong)
_get_mark_name = _plain(pdfium.FPDFPageObjMark_GetName, _INT, _HANDLE, _PLACE, ctypes.c_ulong, _PLACE)
_has_transparency = _plain(pdfium.FPDFPageObj_HasTransparency, _INT, _HANDLE)
_get_draw_mode = _plain(pdfium.FPDFPath_GetDrawMode, _INT, _HANDLE, _PLACE, _PLACE)
_get_stroke_width = _plain(pdfium.FPDFPageObj_GetStrokeWidth, _INT, _HANDLE, _PLACE)
_get_matrix = _plain(pdfium.FPDFPageObj_GetMatrix, _INT, _HANDLE, _PLACE)


def _places(array: Any) -> tuple[int, ...]:
    first, size = ctypes.addressof(array), ctypes.sizeof(array._type_)
    return tuple(range(first, first + ctypes.sizeof(array), size))


_channels = (ctypes.c_uint * 4)()
_channel_places = _places(_channels)
_pair = (ctypes.c_float * 2)()
_pair_places = _places(_pair)
_modes = (ctypes.c_int * 2)()
_mode_places = _places(_modes)
_matrix = (ctypes.c_float * 6)()
_matrix_place = ctypes.addressof(_matrix)
_NAME_BYTES = 128
_name = ctypes.create_string_buffer(_NAME_BYTES)
_name_place = ctypes.addressof(_name)


def fill_colour(obj: int) -> tuple[Colour, int] | None:
    """Colour and alpha; None when the object names none."""
    if not _get_fill_colour(obj, *_channel_places):
        return None
    red, green, blue, alpha = _channels
    return (red, green, blue), alpha


def stroke_colour(obj: int) -> tuple[Colour, int] | None:
    if not _get_stroke_colour(obj, *_channel_places):
        return None
    red, green, blue, alpha = _channels
    return (red, green, blue), alpha


def matrix(obj: int) -> Six | None:
    if not _get_matrix(obj, _matrix_place):
        return None
    a, b, c, d, e, f = _matrix
    return a, b, c, d, e, f


def font_name(font: int) -> str:
    """The base font's name, its subset's tag included."""
    length = _get_font_name(font, _name_place, _NAME_BYTES)
    return _name.raw[: min(length, _NAME_BYTES)].split(b"\0")[0].decode("latin-1", "replace")


def draw_mode(path: int) -> tuple[bool, bool]:
    """Whether a path is filled, and whether it is stroked."""
    _modes[:] = [0, 0]
    _get_draw_mode(path, *_mode_places)
    return bool(_modes[0]), bool(_modes[1])


def stroke_width(obj: int) -> float:
    _pair[0] = 0.0
    _get_stroke_width(obj, _pair_places[0])
    return float(_pair[0])


def segments(path: int, count: int) -> Iterator[tuple[int, float, float, bool]]:
    """Kind, x, y and whether it closes its subpath, of each of a path's points that has any."""
    x, y = _pair_places
    for index in range(count):
        segment = _get_segment(path, index)
        if _get_segment_point(segment, x, y):
            yield _get_segment_type(segment), _pair[0], _pair[1], bool(_get_segment_close(segment))


def clip_points(clip: int, index: int, count: int) -> Iterator[tuple[float, float]]:
    """Of one of a clip's outlines."""
    x, y = _pair_places
    for number in range(count):
        segment = _get_clip_segment(clip, index, number)
        if segment and _get_segment_point(segment, x, y):
            yield _pair[0], _pair[1]


def has_transparency(obj: int) -> bool:
    return bool(_has_transparency(obj))


def mark_name(obj: int, index: int) -> str:
    """Of one of an object's content marks; a name longer than 8 characters is cut, or empty."""
    mark = _get_mark(obj, index)
    length = ctypes.c_ulong()
    buffer = (ctypes.c_ushort * 8)()
    if not mark or not _get_mark_name(mark, ctypes.addressof(buffer), 16, ctypes.addressof(length)):
        return ""
    return "".join(chr(code) for code in buffer[: min(length.value // 2, 8)] if code)
