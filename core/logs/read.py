"""Anything that somebody gives (a file, a folder, an archive, a text) read into runs. Nothing raises; what cannot be read is said."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from core.logs import sentences as s
from core.logs.archive import DEEPEST, archive_sources, is_archive, unpacked
from core.logs.bounds import HOME, Bounds, Budget
from core.logs.readers import FORMATS
from core.logs.reading import Reading, Rows
from core.logs.run import LogRun
from core.logs.sentences import Sentence, say
from core.logs.source import Refused, Source, decoded
from core.logs.together import together
from core.logs.tree import folder_sources, read_tree
from core.logs.verdicts import understood

_PICKLE = re.compile(rb"\x80[\x02-\x05](?:[\x95}\](cX]|\x8c)")  # the protocol, then what each pickle begins with


def read_paths(paths: Iterable[str | Path], bounds: Bounds = HOME) -> Reading:
    """Files and folders of this machine, as one reading: several panels of the same runs are put together."""
    budget = Budget(bounds)
    readings: list[Reading] = []
    for path in map(Path, paths):
        if path.is_dir():
            sources = list(folder_sources(path, bounds.files + 1))
            readings += _tree(path.name or str(path), sources, budget)
        else:
            readings += read_file(Source.file(path), budget)
    return together(readings)


def read_bytes(name: str, content: bytes, bounds: Bounds = HOME) -> Reading:
    """A file that was dropped."""
    return read_several([(name, content)], bounds)


def read_several(files: Iterable[tuple[str, bytes]], bounds: Bounds = HOME) -> Reading:
    """Files that were dropped together: (name, content) of each. The bounds are those of all of them."""
    budget = Budget(bounds)
    return together([reading for name, content in files for reading in read_file(Source.data(name, content), budget)])


def read_text(text: str, bounds: Bounds = HOME, name: str = "pasted text") -> Reading:
    """What was pasted."""
    return read_bytes(name, text.encode(errors="replace"), bounds)


def read_file(source: Source, budget: Budget, depth: int = 0) -> list[Reading]:
    """One reading, or of an archive several. `depth`: so many archives are around it."""
    try:
        head = source.head()
        for _ in range(DEEPEST):
            if (content := unpacked(source, head)) is not None:
                source, head = content, content.head()
        if is_archive(head):
            if depth == DEEPEST:
                return [Reading((), (say(s.NESTED, file=source.name, limit=DEEPEST),))]
            with archive_sources(source, head, budget, within=depth > 0) as members:
                if any(member.name.endswith("xl/workbook.xml") for member in members):
                    return [Reading((), (say(s.EXCEL, file=source.name),))]
                return _tree(source.name, members, budget, depth + 1)
    except Refused as refused:
        return [Reading((), (refused.sentence,))]
    except OSError as error:
        return [_unreadable(source, error)]
    return [read_source(source, budget)]


def read_source(source: Source, budget: Budget) -> Reading:
    """One file that is no archive."""
    name = "a log"
    try:
        head = source.head()
        if not head:
            return Reading((), (say(s.EMPTY, file=source.name),))
        if _PICKLE.match(head):
            return Reading((), (say(s.PICKLE, file=source.name),))
        text = decoded(head)
        for known in FORMATS:
            if known.recognises(head, text):
                name = known.name
                return understood_rows(source.name, name, known.read(source, budget))
    except Refused as refused:
        return Reading((), (refused.sentence,))
    except OSError as error:
        return _unreadable(source, error)
    except MemoryError:
        return Reading((), (say(s.BROKEN, file=source.name, format=name, reason="not enough memory"),))
    return Reading((), (say(s.NOTHING, file=source.name),))


def _tree(name: str, sources: list[Source], budget: Budget, depth: int = 0) -> list[Reading]:
    most = budget.bounds.files
    cut = [Reading((), (say(s.CUT_FILES, file=name, limit=most),))] if len(sources) > most else []
    readings = read_tree(name, sources[:most], budget, _guarded, lambda source: _as_one(read_file(source, budget, depth)))
    return [*readings, *cut] or [Reading((), (say(s.NO_FILES, file=name),))]


def _as_one(readings: list[Reading]) -> Reading:
    """Of an archive within a folder or an archive."""
    runs = tuple(run for reading in readings for run in reading.runs)
    return Reading(runs, tuple(note for reading in readings for note in reading.notes))


def _guarded(read_rows: Callable[[], Rows], file: str, format_name: str) -> Reading:
    try:
        return understood_rows(file, format_name, read_rows())
    except Refused as refused:
        return Reading((), (refused.sentence,))
    except OSError as error:
        return Reading((), (say(s.UNREADABLE, file=file, reason=error.strerror or type(error).__name__),))


def _unreadable(source: Source, error: OSError) -> Reading:
    return Reading((), (say(s.UNREADABLE, file=source.name, reason=error.strerror or type(error).__name__),))


def understood_rows(file: str, format_name: str, rows: Rows) -> Reading:
    """A reader's rows as runs in the Lab's names; sentences on those that are none."""
    runs: list[LogRun] = []
    notes: list[Sentence] = list(rows.notes)
    for raw in rows.runs:
        result = understood(raw, file, format_name)
        if isinstance(result, LogRun):
            runs.append(result)
        elif result not in notes:
            notes.append(result)
    if not runs and len(notes) == len(rows.notes) and not any(note.template == s.SAMPLES for note in notes):
        notes.append(say(s.NO_ROWS, file=file, format=format_name))
    return Reading(tuple(runs), tuple(notes))
