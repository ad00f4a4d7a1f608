"""Where a log's bytes come from: a file, bytes that were dropped, a member of an archive. Read in order and within a budget."""

from __future__ import annotations

import codecs
import io
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from core.logs import sentences as s
from core.logs.bounds import MEGABYTE, Budget
from core.logs.sentences import Sentence, say

HEAD = 64 * 1024
CHUNK = 1 << 20


class Refused(Exception):
    """The file gives no run; `sentence` says why."""

    def __init__(self, sentence: Sentence):
        self.sentence = sentence
        super().__init__(str(sentence))


class Source:
    """A named stream of bytes that can be opened again. `path` is set for a file on disk."""

    def __init__(self, name: str, opener: Callable[[], BinaryIO], path: Path | None = None):
        self.name, self.path = name, path
        self._opener = opener
        self.cut_bytes = False  # reading stopped at the budget
        self.long_lines = 0
        self.ends_open = False  # the last line has no line break

    @classmethod
    def file(cls, path: Path, name: str | None = None) -> Source:
        return cls(name or path.name, lambda: path.open("rb"), path)

    @classmethod
    def data(cls, name: str, content: bytes) -> Source:
        return cls(name, lambda: io.BytesIO(content))

    def open(self) -> BinaryIO:
        return self._opener()

    def head(self) -> bytes:
        with self.open() as stream:
            return stream.read(HEAD)

    def chunks(self, budget: Budget) -> Iterator[bytes]:
        with self.open() as stream:
            while chunk := stream.read(CHUNK):
                if not budget.take_bytes(len(chunk)):
                    self.cut_bytes = True
                    return
                yield chunk

    def bytes(self, budget: Budget) -> bytes:
        """The whole content. Refused if it is larger than a document may be."""
        limit = min(budget.bounds.document, max(budget.bytes, 0))
        content = bytearray()
        for chunk in self.chunks(budget):
            content += chunk
            if len(content) > limit:
                break
        if len(content) > limit or self.cut_bytes:
            raise Refused(say(s.TOO_LARGE, file=self.name, limit=limit // MEGABYTE))
        return bytes(content)

    @contextmanager
    def local(self, budget: Budget) -> Iterator[Path]:
        """The content as a file on disk, for packages that read nothing else; counted as read."""
        if self.path is not None:
            size = self.path.stat().st_size
            if not budget.take_bytes(size):
                raise Refused(say(s.TOO_LARGE, file=self.name, limit=budget.bounds.bytes // MEGABYTE))
            yield self.path
            return
        with tempfile.NamedTemporaryFile(prefix="log-") as file:
            for chunk in self.chunks(budget):
                file.write(chunk)
            if self.cut_bytes:
                raise Refused(say(s.TOO_LARGE, file=self.name, limit=budget.bounds.bytes // MEGABYTE))
            file.flush()
            yield Path(file.name)

    def text(self, budget: Budget) -> str:
        return decoded(self.bytes(budget))

    def lines(self, budget: Budget) -> Iterator[str]:
        """Lines without their ends (LF or CRLF), in UTF-8 with or without a mark, or UTF-16 with one. Too long lines are counted and skipped."""
        limit = budget.bounds.line
        decoder = None
        rest: list[str] = []
        size, skipping = 0, False
        for chunk in self.chunks(budget):
            if decoder is None:
                decoder = codecs.getincrementaldecoder(encoding(chunk))(errors="replace")
            parts = decoder.decode(chunk).split("\n")
            for part in parts[:-1]:
                if skipping:
                    skipping = False
                elif size + len(part) > limit:
                    self.long_lines += 1
                else:
                    yield ("".join([*rest, part]) if rest else part).rstrip("\r")
                rest, size = [], 0
            last = parts[-1]
            size += len(last)
            if skipping or size > limit:
                self.long_lines += not skipping
                skipping, rest = True, []
            elif last:
                rest.append(last)
        if rest and not skipping:
            self.ends_open = True
            yield "".join(rest).rstrip("\r")

    def left_out(self, budget: Budget) -> list[Sentence]:
        """What of the file was not read."""
        said = []
        if self.cut_bytes:
            said.append(say(s.CUT_BYTES, file=self.name, limit=budget.bounds.bytes // MEGABYTE))
        if self.long_lines:
            said.append(say(s.LONG_LINES, file=self.name, count=self.long_lines, limit=budget.bounds.line // MEGABYTE))
        return said


def encoding(beginning: bytes) -> str:
    """By its mark; without one UTF-8, or UTF-16 where every second byte of what would be ASCII is 0."""
    if beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    first = beginning[:200]
    if len(first) > 16 and first[1::2].count(0) > 0.9 * len(first[1::2]) and 0 not in first[::2]:
        return "utf-16-le"
    return "utf-8-sig"


def decoded(content: bytes) -> str:
    return content.decode(encoding(content), errors="replace")
