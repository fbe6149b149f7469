"""The fork-server's heap, in a process of its own: what is done to it cannot be undone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from procession.sandbox import heap

pytestmark = pytest.mark.skipif(heap._glibc() is None, reason="only glibc is told how to lay out its heap")

SETTLED = """
import ctypes, sys
from procession.sandbox import confine, heap
libc = heap._glibc()
keep = [libc.malloc(5000) for _ in range(400)]
for piece in keep[::2]:
    libc.free(piece)
before = confine.mapped_but_absent_bytes()
reserved = heap.settle()
"""


def told(script: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", SETTLED + script], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_what_is_allocated_later_lies_beyond_everything_older() -> None:
    newest, new = map(int, told("print(max(keep), libc.malloc(5000))"))
    assert new > newest


def test_room_is_reserved_without_using_memory_and_is_not_added_to_a_child_s_limit() -> None:
    reserved, before, after = map(
        int, told("print(reserved, before, confine.mapped_but_absent_bytes(reserved_bytes=reserved))")
    )
    assert reserved == heap.RESERVED_BYTES
    assert abs(after - before) < heap.RESERVED_BYTES / 10


@pytest.mark.skipif(not Path("/sys/kernel/mm/transparent_hugepage").exists(), reason="this kernel has no huge pages")
def test_room_is_asked_for_in_huge_pages() -> None:
    flags = told(
        "at = libc.malloc(3 * heap.HUGE_PAGE_BYTES)\n"
        "inside = False\n"
        "for line in open('/proc/self/smaps'):\n"
        "    first = line.split()[0]\n"
        "    if '-' in first:\n"
        "        start, end = (int(x, 16) for x in first.split('-'))\n"
        "        inside = start <= at + 2 * heap.HUGE_PAGE_BYTES < end\n"
        "    elif inside and first == 'VmFlags:':\n"
        "        print(line)\n"
    )
    assert "hg" in flags


def test_a_large_allocation_comes_from_the_room_and_the_largest_get_mappings_of_their_own() -> None:
    inside, apart = told(
        "top = libc.sbrk(0)\n"
        "print(libc.malloc(heap.MAPPED_ALONE_BYTES // 2) < top, libc.malloc(heap.MAPPED_ALONE_BYTES * 2) > top)\n"
    )
    assert (inside, apart) == ("True", "True")


def test_a_small_limit_gives_the_room_up_and_the_smallest_large_one_keeps_it() -> None:
    kept, given_up = map(
        int,
        told(
            "heap.fit(heap.RESERVED_OF_LIMIT_MIN * heap.RESERVED_BYTES)\n"
            "kept = confine.mapped_but_absent_bytes()\n"
            "heap.fit(heap.RESERVED_OF_LIMIT_MIN * heap.RESERVED_BYTES - 1)\n"
            "print(kept - before, confine.mapped_but_absent_bytes() - before)\n"
        ),
    )
    assert kept > heap.RESERVED_BYTES * 0.9
    assert abs(given_up) < heap.RESERVED_BYTES / 10
