"""Archives (zip, tar) and packed files (gzip, bzip2, xz), unpacked as they are read and never to the disk; a bomb meets the budget of unpacked
bytes."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import BinaryIO

from core.logs import sentences as s
from core.logs.bounds import Budget
from core.logs.sentences import say
from core.logs.source import Refused, Source
from core.logs.tree import is_skipped

DEEPEST = 2  # archives in archives
_ZIP, _TAR, _TAR_AT = b"PK\x03\x04", b"ustar", 257
_PACKED: dict[bytes, Callable[[BinaryIO], BinaryIO]] = {
    b"\x1f\x8b": lambda stream: gzip.GzipFile(fileobj=stream),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\0": lzma.LZMAFile,
}
_DAMAGED = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, RuntimeError, NotImplementedError, ValueError, OSError
)  # fmt: skip


def is_archive(head: bytes) -> bool:
    return head.startswith(_ZIP) or head[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR


def unpacked(source: Source, head: bytes) -> Source | None:
    """The content of a packed file, None if it is none."""
    opened = next((opens for mark, opens in _PACKED.items() if head.startswith(mark)), None)
    if opened is None:
        return None

    def open_packed() -> BinaryIO:
        stream = source.open()
        return _Unpacked(opened(stream), source.name, stream)

    return Source(source.name, open_packed)


@contextmanager
def archive_sources(source: Source, head: bytes, budget: Budget, *, within: bool = False) -> Iterator[list[Source]]:
    """The archive's files as sources, at most one more than may be read; `within` another archive they are named after theirs too. Refused
    for a damaged or encrypted archive."""
    zipped = head.startswith(_ZIP)
    opened, files, kind = (zipfile.ZipFile, _zip_files, "a zip archive") if zipped else (_opened_tar, _tar_files, "a tar archive")
    try:
        with source.open() as stream:
            if not stream.seekable():
                stream = io.BytesIO(source.bytes(budget))
            with opened(stream) as archive:
                wanted = ((name, opener) for name, opener in files(archive) if not is_skipped(name.rpartition("/")[2]))
                some = islice(wanted, budget.bounds.files + 1)
                yield [_member(f"{source.name}/{name}" if within else name, opener) for name, opener in some]
    except _DAMAGED as error:
        raise Refused(say(s.BROKEN, file=source.name, format=kind, reason=_reason(error))) from None


def _opened_tar(stream: BinaryIO) -> tarfile.TarFile:
    return tarfile.open(fileobj=stream, mode="r:")


def _zip_files(archive: zipfile.ZipFile) -> Iterator[tuple[str, Callable[[], BinaryIO]]]:
    for member in archive.infolist():
        if not member.filename.endswith("/"):  # `is_dir` throws where a damaged archive has an empty name
            yield member.filename, lambda member=member: archive.open(member)


def _tar_files(archive: tarfile.TarFile) -> Iterator[tuple[str, Callable[[], BinaryIO]]]:
    for member in archive:
        if member.isfile():
            yield member.name.removeprefix("./"), lambda member=member: archive.extractfile(member)


def _member(name: str, opener: Callable[[], BinaryIO]) -> Source:
    def open_member() -> BinaryIO:
        try:
            return _Unpacked(opener(), name)
        except _DAMAGED as error:
            raise Refused(say(s.BROKEN, file=name, format="a file of an archive", reason=_reason(error))) from None

    return Source(name, open_member)


class _Unpacked(io.RawIOBase):
    """A stream whose damage is Refused in a sentence, whatever its package raises; `below` is the stream that it reads, closed with it."""

    def __init__(self, stream: BinaryIO, name: str, below: BinaryIO | None = None):
        super().__init__()
        self._stream, self._name, self._below = stream, name, below

    def read(self, size: int = -1) -> bytes:
        try:
            return self._stream.read(size)
        except _DAMAGED as error:
            raise Refused(say(s.BROKEN, file=self._name, format="a packed file", reason=_reason(error))) from None

    def close(self) -> None:
        self._stream.close()
        if self._below is not None:
            self._below.close()
        super().close()


def _reason(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
