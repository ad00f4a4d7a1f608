"""Memory that the C library's allocator retains: bounded, and returned to the system when nothing trains.

glibc gives threads that allocate at the same time arenas of their own, up to eight per core, and returns little of what was freed in
them. Measured with six comparisons one after another (collapse, addition, length-runaway, lab, collapse, addition): 594 MB at rest
with glibc's own number of arenas and without trimming, 404 MB with both. Elsewhere than on Linux with glibc nothing happens.
"""

from __future__ import annotations

import ctypes
import sys

M_ARENA_MAX, M_MMAP_THRESHOLD, M_TRIM_THRESHOLD = -8, -3, -1  # malloc.h
ARENAS = 2
MAPPED_BYTES = 4_000_000  # an allocation of this size or more is of pages of its own, which are returned when it is freed
TRIM_BYTES = 16_000_000  # free at the end of the heap, beyond which it shrinks


def bound_heap() -> None:
    """At most ARENAS for all threads from now on; more than two threads rarely allocate at once here. And fixed thresholds: by itself glibc
    raises the first to the largest block that was freed, up to 32 MB, so that the tables of logits, of up to 24 MB, lie in a heap that they
    break into pieces. Measured with 64 seeds of a chain of 600 prompts: peaks of 306 to 703 MB before, of 101 MB since. As MALLOC_ARENA_MAX,
    MALLOC_MMAP_THRESHOLD_ and MALLOC_TRIM_THRESHOLD_ in the environment, which would have to be set before the program starts."""
    if (mallopt := _function("mallopt")) is not None:
        mallopt(M_ARENA_MAX, ARENAS)
        mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES)
        mallopt(M_TRIM_THRESHOLD, TRIM_BYTES)


def give_back() -> None:
    """Return what is free to the system. Takes some milliseconds, during which other threads' allocations wait."""
    if (malloc_trim := _function("malloc_trim")) is not None:
        malloc_trim(0)


def _function(name: str):
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
