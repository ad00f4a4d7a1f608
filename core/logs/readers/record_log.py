"""Offline files of W&B (run-ID.wandb) and SwanLab (run-ID.swanlab): protobuf records in LevelDB's log format.

The framing is read here; what a record means is known to the package that wrote it, which has to be installed: wandb or swanlab. Both formats
are their packages' own and change with them.
"""

from __future__ import annotations

import importlib
import json
import struct
from collections.abc import Callable, Iterator

from core.logs import sentences as s
from core.logs.bounds import Budget
from core.logs.builder import Collector
from core.logs.readers.flat import flat
from core.logs.reading import Format, Rows
from core.logs.sentences import printable, say
from core.logs.source import Refused, Source

WANDB, SWANLAB = b":W&B", b":SWL"
FILE_HEADER, RECORD_HEADER, BLOCK = 7, 7, 32_768
FULL, FIRST, _MIDDLE, LAST = 1, 2, 3, 4

Row = dict[str, object]


def records(content: bytes) -> Iterator[bytes]:
    """The records of LevelDB's log format (https://github.com/google/leveldb/blob/main/doc/log_format.md); a torn last one is left out."""
    place, parts = FILE_HEADER, []
    while place + RECORD_HEADER <= len(content):
        left = BLOCK - place % BLOCK
        if left < RECORD_HEADER:
            place += left
            continue
        _, length, kind = struct.unpack_from("<IHB", content, place)
        begin, place = place + RECORD_HEADER, place + RECORD_HEADER + length
        if kind not in (FULL, FIRST, _MIDDLE, LAST):
            place += BLOCK - place % BLOCK  # padding
            continue
        if place > len(content):
            return
        parts = [content[begin:place]] if kind in (FULL, FIRST) else [*parts, content[begin:place]]
        if kind in (FULL, LAST):
            yield b"".join(parts)
            parts = []


def wandb_rows(messages: Iterator[object]) -> Iterator[tuple[str, Row]]:
    """(the run's name, "" where a record has none; a row) of W&B's records."""
    for message in messages:
        if message.HasField("run"):
            yield message.run.display_name, {}
        elif message.HasField("history"):
            row: Row = {}
            for item in message.history.item:
                try:
                    row["/".join(item.nested_key) or item.key] = _wandb_value(item)
                except (ValueError, RecursionError):
                    continue
            yield "", flat(row)


def _wandb_value(item) -> object:
    """A value as JSON or, as newer files may have it, by its kind. ValueError for what is no JSON."""
    if item.value_json:
        return json.loads(item.value_json)
    kind = item.WhichOneof("value")
    return json.loads(item.json) if kind == "json" else getattr(item, kind) if kind in ("integer", "number") else None


def swanlab_rows(messages: Iterator[object]) -> Iterator[tuple[str, Row]]:
    """The same of SwanLab's: one record per number, those of one step after each other."""
    row: Row = {}
    for message in messages:
        if message.HasField("start"):
            yield message.start.name, {}
        elif message.HasField("scalar"):
            number = message.scalar
            if row and row["step"] != number.step:
                yield "", row
                row = {}
            row["step"] = number.step
            row[number.key] = number.value.number
    if row:
        yield "", row


def _read(package: str, module: str, rows_of: Callable[[Iterator[object]], Iterator[tuple[str, Row]]], title: str):
    def read(source: Source, budget: Budget) -> Rows:
        try:
            record = importlib.import_module(module).Record
        except Exception:  # not installed, or installed in a version that cannot be imported here
            raise Refused(say(s.NEEDS_PACKAGE, file=source.name, format=title, package=package)) from None
        collector = Collector(source.name, budget)
        for name, row in rows_of(_messages(source.bytes(budget), record)):
            if name:
                collector.name = printable(name, 80)
            if row and not collector.add(row):
                break
        return Rows(*collector.runs(source.name))

    return read


def _messages(content: bytes, record: type) -> Iterator[object]:
    """Records that the installed package understands."""
    for raw in records(content):
        message = record()
        try:
            message.ParseFromString(raw)
        except Exception:  # protobuf's DecodeError, whose module depends on its version
            continue
        yield message


def _begins_with(mark: bytes) -> Callable[[bytes, str], bool]:
    return lambda head, text: head.startswith(mark)


WANDB_FORMAT = Format(
    "an offline file of W&B",
    _begins_with(WANDB),
    _read("wandb", "wandb.proto.wandb_internal_pb2", wandb_rows, "W&B's offline file"),
)
SWANLAB_FORMAT = Format(
    "an offline file of SwanLab",
    _begins_with(SWANLAB),
    _read("swanlab", "swanlab.proto.swanlab.record.v1.record_pb2", swanlab_rows, "SwanLab's offline file"),
)
