"""The fork-server's heap as children should find it: what they allocate lies together, in memory nobody used before.

After a fork every page that is written is copied (2 us), and an allocation from between old objects copies garbage. So
the holes between them are filled once, and beyond them room is reserved, for which huge pages are asked: a child that
decodes a scan gets its 40 MiB in 20 faults instead of 10,000. Only glibc is told so; elsewhere nothing happens.
"""

from __future__ import annotations

import ctypes
import mmap
import sys
from typing import Any

RESERVED_BYTES = 128 * 1024 * 1024
"""Addresses, not memory: a page comes into being when a child writes it, and counts against that child's limits."""
RESERVED_OF_LIMIT_MIN = 4
"""Room is kept where a child's memory limit is at least this many times as large."""
HUGE_PAGE_BYTES = 2 * 1024 * 1024
LARGEST_HOLE_BYTES = 1024 * 1024
SMALLEST_HOLE_BYTES = 32
MAPPED_ALONE_BYTES = 64 * 1024 * 1024
"""Larger allocations get a mapping of their own; a page drawn for recognition (35 MiB) is no such."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_MMAP_MAX = -1, -3, -4  # mallopt(3)
_MAPPINGS_MAX = 65_536
_NEVER = 2**30
_MADV_HUGEPAGE = getattr(mmap, "MADV_HUGEPAGE", 14)
_COUNTS = (
    *("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks"),
    *("fordblks", "keepcost"),  # bytes that are free, and of these at the heap's top
)


class _Mallinfo(ctypes.Structure):
    """``struct mallinfo2``."""

    _fields_ = tuple((name, ctypes.c_size_t) for name in _COUNTS)


def settle() -> int:
    """Call once, when everything is loaded and before the first fork. Returns the bytes of addresses reserved."""
    libc = _glibc()
    if libc is None:
        return 0
    libc.mallopt(_M_MMAP_MAX, 0)  # everything from the heap, so that it can be laid out
    libc.mallopt(_M_TRIM_THRESHOLD, _NEVER)  # a child gives everything back when it ends
    libc.malloc_trim(0)
    _fill_holes(libc)
    reserved = _reserve(libc)
    libc.mallopt(_M_MMAP_THRESHOLD, MAPPED_ALONE_BYTES)
    libc.mallopt(_M_MMAP_MAX, _MAPPINGS_MAX)
    return reserved


def fit(memory_bytes: int) -> None:
    """In a child: give the reserved addresses up when its limit is so small that it needs them for other things."""
    if memory_bytes < RESERVED_OF_LIMIT_MIN * RESERVED_BYTES and (libc := _glibc()) is not None:
        libc.malloc_trim(0)


def _glibc() -> Any:
    """None where there is no glibc of 2021 or later."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    if not all(hasattr(libc, name) for name in ("mallopt", "malloc_trim", "mallinfo2")):
        return None
    libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    libc.free.restype, libc.free.argtypes = None, [ctypes.c_void_p]
    libc.sbrk.restype, libc.sbrk.argtypes = ctypes.c_void_p, [ctypes.c_ssize_t]
    libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    libc.mallinfo2.restype = _Mallinfo
    return libc


def _fill_holes(libc: Any) -> None:
    """Take what is free below the heap's top, the large pieces first, and never give it back. Nothing is written."""
    size, left = LARGEST_HOLE_BYTES, libc.mallinfo2().fordblks
    while size >= SMALLEST_HOLE_BYTES and left > 0:
        top = libc.sbrk(0) - libc.mallinfo2().keepcost
        piece = libc.malloc(size)
        if piece is None:
            return
        if piece < top:
            left -= size
        else:  # cut from the top: no hole is this large
            libc.free(piece)
            size = size * 3 // 4


def _reserve(libc: Any) -> int:
    """Grow the heap, ask for huge pages there, and leave it free. The kernel may refuse: then pages are small."""
    room = libc.malloc(RESERVED_BYTES)
    if room is None:
        return 0
    start = -(-room // HUGE_PAGE_BYTES) * HUGE_PAGE_BYTES
    end = libc.sbrk(0) // mmap.PAGESIZE * mmap.PAGESIZE
    if room < end:  # else it lies apart from the heap
        libc.madvise(start, end - start, _MADV_HUGEPAGE)
    libc.free(room)
    return RESERVED_BYTES
