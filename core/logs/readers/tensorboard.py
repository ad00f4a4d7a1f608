"""TensorBoard's event files, read with the package tensorboard (no TensorFlow): scalars as `simple_value` or as a tensor of one number.

A folder may hold files of several starts: each is a start of its own, in the order of the files' clocks; whether it is another run or
continues the one before is told by its steps, as in every other format. A record that is being written is read when it is whole. Folders of
`add_scalars` are put together: `core.logs.readers.add_scalars`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from itertools import islice, zip_longest
from pathlib import Path
from types import MappingProxyType

from core.logs import sentences as s
from core.logs.bounds import Budget
from core.logs.builder import Collector
from core.logs.reading import Format, Rows
from core.logs.sentences import printable, say
from core.logs.source import Refused, Source

_HEADER = 12  # a record's length (8 bytes) and its checksum
LOOKED_AT = 20  # scalars that tell whether a file has one tag
_FLOATS = {1: "f", 2: "d"}  # TensorFlow's types DT_FLOAT and DT_DOUBLE


def recognises(head: bytes, text: str) -> bool:
    """The first record is short and names the version of the event format."""
    return len(head) > _HEADER and int.from_bytes(head[:8], "little") < 1000 and b"brain.Event:" in head[:200]


def read(source: Source, budget: Budget) -> Rows:
    return read_files([source], source.name, budget)


def read_files(
    sources: list[Source], name: str, budget: Budget, series: Mapping[str, list[Source]] = MappingProxyType({})
) -> Rows:
    """Several files of one folder, in the order of their names, which begin with their clocks; and of `series`, column -> files, what belongs
    to the same run. Every start of a writer has a file in each of its folders."""
    rows, notes, scalars = EventRows(name, budget), [], 0
    folders = [("", sources), *series.items()]
    for start in zip_longest(*([(column, source) for source in files] for column, files in folders)):
        for column, source in filter(None, start):
            with source.local(budget) as path:
                if rows.take(loader(path, source.name), path, column):
                    scalars += 1
                else:
                    notes.append(say(s.NO_SCALARS, file=source.name))
        rows.begin_again()
    if not scalars:
        raise Refused(notes[0])
    found = rows.rows()
    return Rows(found.runs, [*found.notes, *notes])


def first_tags(source: Source, budget: Budget) -> frozenset[str]:
    """The tags of a file's first scalars."""
    try:
        with source.local(Budget(budget.bounds)) as path:
            return frozenset(tag for _, tag, _ in islice(scalar_events(loader(path, source.name), path), LOOKED_AT))
    except (Refused, OSError):
        return frozenset()


class EventRows:
    """Scalars of the event files of one folder, gathered into runs."""

    def __init__(self, name: str, budget: Budget):
        self._name = name
        self._collector = Collector(name, budget)

    def take(self, events, path: Path, column: str = "") -> bool:
        """Whatever the loader has not given yet, under the name `column` if there is one; whether there was a scalar."""
        there = False
        for step, values in grouped(scalar_events(events, path)):
            there = True
            if column:
                values = dict.fromkeys([column], next(iter(values.values())))
            if not self._collector.add({"step": step, **values}):
                break
        return there

    def begin_again(self) -> None:
        self._collector.begin_again()

    def rows(self) -> Rows:
        return Rows(*self._collector.runs(self._name))


def loader(path: Path, file: str):
    """The package's reader of raw events; Refused without the package."""
    try:
        from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
    except ImportError:
        raise Refused(say(s.NEEDS_PACKAGE, file=file, format="TensorBoard", package="tensorboard")) from None
    return RawEventFileLoader(str(path))


def scalar_events(events, path: Path) -> Iterator[tuple[int, str, float]]:
    """(step, tag, value) of whatever the loader has not given yet. A damaged record ends it."""
    from google.protobuf.message import DecodeError
    from tensorboard.compat.proto.event_pb2 import Event

    try:
        for raw in events.Load():
            event = Event.FromString(raw)
            for value in event.summary.value:
                number = scalar(value)
                if number is not None:
                    yield event.step, printable(value.tag, 200), number
    except (DecodeError, OverflowError, MemoryError, struct.error, ValueError):
        return


def scalar(value) -> float | None:
    """The number of a summary's value, None if it is a text, an image or a histogram."""
    if value.HasField("simple_value"):
        return value.simple_value
    if not value.HasField("tensor"):
        return None
    tensor = value.tensor
    if len(tensor.float_val) == 1:
        return tensor.float_val[0]
    if len(tensor.double_val) == 1:
        return tensor.double_val[0]
    code = _FLOATS.get(tensor.dtype)
    if code and len(tensor.tensor_content) == struct.calcsize(code):
        return struct.unpack(f"<{code}", tensor.tensor_content)[0]
    return None


def grouped(events: Iterator[tuple[int, str, float]]) -> Iterator[tuple[int, dict[str, float]]]:
    """Neighbouring values of one step as one row; a tag that comes again begins another row."""
    at, row = None, {}
    for step, tag, value in events:
        if row and (step != at or tag in row):
            yield at, row
            row = {}
        at = step
        row[tag] = value
    if row:
        yield at, row


FORMAT = Format("TensorBoard", recognises, read)
