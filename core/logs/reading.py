"""What a reader is, and what comes of reading: runs, and sentences on what could not be read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field

from core.logs.bounds import Budget
from core.logs.model import RawRun
from core.logs.run import LogRun
from core.logs.sentences import Sentence
from core.logs.source import Source


@dataclass(frozen=True)
class Rows:
    """What a reader found in one file."""

    runs: list[RawRun]
    notes: list[Sentence] = field(default_factory=list)


class LineRows(ABC):
    """A format of which every line can be read by itself: a file of it may grow while it is read."""

    @abstractmethod
    def __init__(self, name: str, budget: Budget): ...

    @abstractmethod
    def feed(self, line: str) -> bool:
        """Take the next line, without its end. False when no more is kept."""

    @abstractmethod
    def begin_again(self) -> None:
        """What comes from here on was written by another start of the training."""

    @abstractmethod
    def rows(self, *, ends_open: bool) -> Rows:
        """What was read so far. `ends_open`: nothing more comes, and the last line has no line break. May be called again and again."""


@dataclass(frozen=True)
class Format:
    """A reader: `recognises` looks at the first bytes (and their text), `read` gives the rows or raises Refused. `lines` is set where a
    growing file can be followed line by line."""

    name: str
    recognises: Callable[[bytes, str], bool]
    read: Callable[[Source, Budget], Rows]
    lines: Callable[[str, Budget], LineRows] | None = None


def read_lines(kind: Callable[[str, Budget], LineRows], source: Source, budget: Budget) -> Rows:
    """A whole file of such a format."""
    taken = kind(source.name, budget)
    for line in source.lines(budget):
        if not taken.feed(line):
            break
    found = taken.rows(ends_open=source.ends_open)
    return Rows(found.runs, [*found.notes, *source.left_out(budget)])


@dataclass(frozen=True)
class Reading:
    """Runs, and what has to be said about files rather than runs."""

    runs: tuple[LogRun, ...]
    notes: tuple[Sentence, ...] = ()

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """Everything that is said, of files and then of runs, each once."""
        said = dict.fromkeys(self.notes)
        for run in self.runs:
            said |= dict.fromkeys(run.notes)
        return tuple({str(sentence): sentence for sentence in said}.values())
