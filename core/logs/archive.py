"""Zip archives and gzip files, unpacked as they are read and never to the disk; a bomb meets the budget of unpacked bytes."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from contextlib import contextmanager
from typing import BinaryIO

from core.logs import sentences as s
from core.logs.bounds import Budget
from core.logs.sentences import say
from core.logs.source import Refused, Source
from core.logs.tree import is_skipped

ZIP, GZIP = b"PK\x03\x04", b"\x1f\x8b"
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError, OSError)


@contextmanager
def zip_sources(source: Source, budget: Budget):
    """The archive's files as sources, at most as many as may be read. Refused for a damaged, encrypted or nested archive."""
    try:
        with source.open() as stream, zipfile.ZipFile(stream) as archive:
            members = [m for m in archive.infolist() if not m.is_dir() and not is_skipped(m.filename.rpartition("/")[2])]
            yield [_member(archive, m, source.name) for m in members[: budget.bounds.files]]
    except _DAMAGED as error:
        raise Refused(say(s.BROKEN, file=source.name, format="a zip archive", reason=_reason(error))) from None


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> Source:
    def open_member() -> BinaryIO:
        try:
            return _Unpacked(archive.open(member), member.filename)
        except _DAMAGED as error:
            raise Refused(say(s.BROKEN, file=member.filename, format="a file of an archive", reason=_reason(error))) from None

    return Source(member.filename, open_member)


def unzipped(source: Source) -> Source:
    """The content of a gzip file."""
    return Source(source.name, lambda: _Unpacked(gzip.GzipFile(fileobj=source.open()), source.name))


class _Unpacked(io.RawIOBase):
    """A stream whose damage is Refused in a sentence, whatever its package raises."""

    def __init__(self, stream, name: str):
        super().__init__()
        self._stream, self._name = stream, name

    def read(self, size: int = -1) -> bytes:
        try:
            return self._stream.read(size)
        except _DAMAGED as error:
            raise Refused(say(s.BROKEN, file=self._name, format="a packed file", reason=_reason(error))) from None

    def close(self) -> None:
        self._stream.close()
        super().close()


def _reason(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
