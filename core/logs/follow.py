"""One growing log, read on from where it was read to. No thread and no clock of its own: whoever watches asks again."""

from __future__ import annotations

import codecs
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from core.logs.bounds import Budget
from core.logs.readers import tensorboard
from core.logs.reading import Format, LineRows, Rows
from core.logs.source import Refused, Source, encoding

MOST_BYTES = 8_000_000  # per look: a slow disk or a large file does not hold up a tick
SIGNATURE = 4_096  # bytes at the beginning, and before the place that was read to, by which a replaced file is known


class Followed(Protocol):
    """A log that is looked at again and again. `look` says whether something was read; OSError where the file cannot be read now."""

    def look(self) -> bool: ...

    def rows(self) -> Rows: ...


@dataclass(frozen=True)
class _Mark:
    """What a file looked like when it was last looked at."""

    device: int
    inode: int
    size: int
    changed: int


def _mark(path: Path) -> _Mark:
    found = os.stat(path)
    return _Mark(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


class FollowedLines:
    """A file of lines. A line counts when it has its end.

    A file that was truncated, replaced or rotated is read from its beginning: as another start of the training, which continues from a
    checkpoint or begins anew, as its steps tell. A file that was written anew with the same beginning is read on if it holds what was
    read, and else replaces it.
    """

    def __init__(self, path: Path, name: str, known: Format, budget: Budget):
        self._path, self._name, self._format, self._budget = path, name, known, budget
        self._seen: _Mark | None = None
        self._restart()

    def _restart(self) -> None:
        self._lines: LineRows = self._format.lines(self._name, self._budget)
        self._from_beginning()

    def _from_beginning(self) -> None:
        self._place, self._beginning, self._end, self._rest, self._decoder = 0, b"", b"", "", None
        self.full = False

    def look(self) -> bool:
        now = _mark(self._path)
        if now == self._seen:
            return False
        with self._path.open("rb") as stream:
            if self._place:
                self._check_same(stream, now)
            stream.seek(self._place)
            content = stream.read(MOST_BYTES)
        if len(content) < MOST_BYTES:
            self._seen = now
        self._take(content)
        return bool(content)

    def _check_same(self, stream, now: _Mark) -> None:
        stream.seek(0)
        beginning = stream.read(len(self._beginning))
        if beginning != self._beginning:
            shorter = self._beginning.startswith(beginning)
            if shorter and beginning:
                self._restart()  # cut back, or being copied anew
            else:
                self._lines.begin_again()
                self._from_beginning()
            return
        stream.seek(max(0, self._place - len(self._end)))
        if now.size < self._place or stream.read(len(self._end)) != self._end:
            self._restart()

    def _take(self, content: bytes) -> None:
        if self._decoder is None:
            self._decoder = codecs.getincrementaldecoder(encoding(content))(errors="replace")
        if len(self._beginning) < SIGNATURE:
            self._beginning += content[: SIGNATURE - len(self._beginning)]
        self._end = (self._end + content)[-SIGNATURE:]
        self._place += len(content)
        *lines, self._rest = (self._rest + self._decoder.decode(content)).split("\n")
        if len(self._rest) > self._budget.bounds.line:
            self._rest = ""
        for line in lines:
            if self.full:
                break
            self.full = not self._lines.feed(line.rstrip("\r"))

    def rows(self) -> Rows:
        return self._lines.rows(ends_open=False)


class FollowedDocument:
    """A file that is written anew as a whole (trainer_state.json, a notebook) or changes in its middle (SQLite): read again when it changed.
    While it is half written, what was read before stands."""

    def __init__(self, path: Path, name: str, known: Format, budget: Budget):
        self._path, self._name, self._format, self._budget = path, name, known, budget
        self._seen: tuple[_Mark, ...] | None = None
        self._rows: Rows | None = None
        self._refused: Refused | None = None

    def _marks(self) -> tuple[_Mark, ...]:
        companions = (self._path, self._path.with_name(self._path.name + "-wal"))  # SQLite's newest rows
        return tuple(_mark(path) for path in companions if path == self._path or path.exists())

    def look(self) -> bool:
        now = self._marks()
        if now == self._seen:
            return False
        self._seen = now
        budget = Budget(self._budget.bounds)
        try:
            rows = self._format.read(Source.file(self._path, self._name), budget)
        except Refused as refused:
            self._refused = refused
            return self._rows is None
        if self._rows is not None and _size(rows) < _size(self._rows) and _is_cut(self._path):
            return False
        self._rows = rows
        return True

    def rows(self) -> Rows:
        if self._rows is None:
            raise self._refused
        return self._rows


def _size(rows: Rows) -> int:
    return sum(run.training.points + run.evaluation.points for run in rows.runs)


def _is_cut(path: Path) -> bool:
    """A JSON document without its last bracket: it is being written."""
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - 64))
        return stream.read().rstrip()[-1:] not in (b"}", b"]")


class FollowedEvents:
    """The TensorBoard files of one run's folders: each is read on, a new one in a folder is another start."""

    def __init__(self, name: str, budget: Budget):
        self._name, self._budget = name, budget
        self._files: dict[Path, tuple[object, _Mark | None]] = {}
        self._columns: dict[Path, str] = {}
        self._rows = tensorboard.EventRows(name, budget)

    def add(self, path: Path, column: str = "") -> None:
        """One more file, later than the others of its folder; `column`: it holds this one."""
        if path not in self._files:
            if any(path.parent == known.parent for known in self._files):
                self._rows.begin_again()
            self._columns[path] = column
            self._files[path] = (tensorboard.loader(path, self._name), None)

    def __contains__(self, path: Path) -> bool:
        return path in self._files

    def look(self) -> bool:
        grew, gone = False, None
        for path, (events, seen) in list(self._files.items()):
            try:
                now = _mark(path)
            except OSError as error:
                gone = error
                continue
            if now != seen:
                if seen is not None and (now.size < seen.size or now.inode != seen.inode):
                    events = tensorboard.loader(path, self._name)  # written anew: its rows replace those of before
                grew = self._rows.take(events, path, self._columns[path]) or grew
                self._files[path] = (events, now)
        if gone is not None and not grew:
            raise gone
        return grew

    def rows(self) -> Rows:
        return self._rows.rows()
