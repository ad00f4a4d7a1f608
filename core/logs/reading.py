"""What came of reading: runs, and sentences on what could not be read."""

from __future__ import annotations

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


@dataclass(frozen=True)
class Format:
    """A reader: `recognises` looks at the first bytes (and their text), `read` gives the rows or raises Refused."""

    name: str
    recognises: Callable[[bytes, str], bool]
    read: Callable[[Source, Budget], Rows]


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
