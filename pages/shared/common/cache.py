"""The bounded cache for what the visitors of a process share: least recently used entries are removed when the bound is reached.

`cachetools` decides what is removed; this class adds a lock, values larger than the bound, and that of several callers who ask for the same
value one computes it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from cachetools import LRUCache

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Cache(Generic[K, V]):
    """Key -> value of at most `bound` in all, in entries, or in the unit of `size`. Thread-safe. Values are shared: do not change them."""

    def __init__(self, bound: int, size: Callable[[V], int] = lambda value: 1):
        # A value larger than the bound counts as much as the bound: it is kept, and nothing beside it.
        self._entries: LRUCache[K, V] = LRUCache(bound, getsizeof=lambda value: min(size(value), bound))
        self._lock, self._computing = threading.Lock(), threading.RLock()

    def __contains__(self, key: K) -> bool:
        with self._lock:
            return key in self._entries

    def get(self, key: K) -> V | None:
        with self._lock:
            return self._entries.get(key)

    def put(self, key: K, value: V) -> None:
        with self._lock:
            self._entries[key] = value

    def made(self, key: K, make: Callable[[], V]) -> V:
        """The value of `key`, or what `make` returns, which is kept; it must not be None. One thread at a time runs `make`."""
        if (found := self.get(key)) is not None:
            return found
        with self._computing:
            if (found := self.get(key)) is None:
                found = make()
                self.put(key, found)
            return found

    @property
    def size(self) -> int:
        """The size of all entries, in the unit of the bound."""
        with self._lock:
            return round(self._entries.currsize)
