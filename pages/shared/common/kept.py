"""A memory with a bound, shared by all visitors of the process."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any


class Kept:
    """Key -> value; what was used longest ago goes when the weights add up to more than `bound`. Thread-safe."""

    def __init__(self, bound: int):
        self._bound, self._total = bound, 0
        self._items: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = threading.Lock()

    def __contains__(self, key: Hashable) -> bool:
        return key in self._items

    def get(self, key: Hashable) -> Any:
        """None if it is not there."""
        with self._lock:
            if key not in self._items:
                return None
            self._items.move_to_end(key)
            return self._items[key][0]

    def put(self, key: Hashable, value: Any, weight: int = 1) -> None:
        """The newest item is kept whatever its weight."""
        with self._lock:
            self._total += weight - self._items.pop(key, (None, 0))[1]
            self._items[key] = (value, weight)
            while self._total > self._bound and len(self._items) > 1:
                _, (_, gone) = self._items.popitem(last=False)
                self._total -= gone
