"""The order of the queue: fair between owners.

A turn is one group of items (a comparison's runs), so that what is compared starts together. Turns go to the owner who has waited longest
since their last one; within an owner, first come, first served. An owner who queues twenty comparisons delays only their own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item", bound=Hashable)
REMEMBERED_OWNERS = 1000  # owners whose last turn is remembered; one that is forgotten is served earlier once


@dataclass(eq=False)
class _Group(Generic[Item]):
    name: Hashable
    items: deque[Item]


class FairQueue(Generic[Item]):
    """Groups of items in one queue per owner. Not thread-safe: the caller holds a lock. Iterating gives the items in the order in which
    `pop` would give them if nothing else came."""

    def __init__(self) -> None:
        self._lines: dict[str, deque[_Group[Item]]] = {}  # owners in order of arrival; no owner's queue is empty
        self._served: dict[str, int] = {}  # owner -> number of their last turn, the latest at the end
        self._turns = 0
        self._open: _Group[Item] | None = None  # the group whose turn it is, until its last item was taken

    def __len__(self) -> int:
        return sum(len(group.items) for line in self._lines.values() for group in line)

    def add(self, owner: str, group: Hashable, items: Iterable[Item], *, front: bool = False) -> None:
        """Put `items` as one group at the end of the owner's queue, or at its front, which is behind the group whose turn it is."""
        made = _Group(group, deque(items))
        if not made.items:
            return
        line = self._lines.setdefault(owner, deque())
        if front:
            line.insert(1 if line and line[0] is self._open else 0, made)
        else:
            line.append(made)

    def pop(self) -> Item:
        """The next item. IndexError if there is none."""
        owner = self._next_owner()
        group = self._lines[owner][0]
        item = group.items.popleft()
        if group.items:
            self._open = group
        else:
            self._end_turn(owner, group)
        return item

    def remove(self, item: Item) -> bool:
        """Take `item` out, wherever it is. False if it was not there."""
        for owner, line in self._lines.items():
            for group in line:
                if item in group.items:
                    group.items.remove(item)
                    if not group.items:
                        self._end_turn(owner, group) if group is self._open else self._drop(owner, group)
                    return True
        return False

    def __iter__(self) -> Iterator[Item]:
        twin = self._copy()
        while twin._lines:
            yield twin.pop()

    def _next_owner(self) -> str:
        if not self._lines:
            raise IndexError("the queue is empty")
        if self._open is not None:
            for owner, line in self._lines.items():
                if line[0] is self._open:
                    return owner
        return min(self._lines, key=lambda owner: self._served.get(owner, 0))

    def _end_turn(self, owner: str, group: _Group[Item]) -> None:
        """The owner's turn is over."""
        self._drop(owner, group)
        self._turns += 1
        self._served.pop(owner, None)
        self._served[owner] = self._turns
        if len(self._served) > REMEMBERED_OWNERS:
            del self._served[next(iter(self._served))]

    def _drop(self, owner: str, group: _Group[Item]) -> None:
        line = self._lines[owner]
        line.remove(group)
        if not line:
            del self._lines[owner]
        if self._open is group:
            self._open = None

    def _copy(self) -> FairQueue[Item]:
        twin: FairQueue[Item] = FairQueue()
        for owner, line in self._lines.items():
            copies = deque(_Group(group.name, deque(group.items)) for group in line)
            twin._lines[owner] = copies
            if line[0] is self._open:
                twin._open = copies[0]
        twin._served, twin._turns = dict(self._served), self._turns
        return twin
