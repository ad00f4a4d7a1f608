"""Anything that somebody gives (a file, a folder, an archive, a text) read into runs. Nothing raises; what cannot be read is said."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from core.logs import sentences as s
from core.logs.bounds import HOME, Bounds, Budget
from core.logs.readers import FORMATS
from core.logs.reading import Reading, Rows
from core.logs.run import LogRun
from core.logs.sentences import Sentence, say
from core.logs.source import HEAD, Refused, Source, decoded
from core.logs.together import together
from core.logs.verdicts import understood


def read_paths(paths: Iterable[str | Path], bounds: Bounds = HOME) -> Reading:
    """Files and folders of this machine, as one reading: several panels of the same runs are put together."""
    budget = Budget(bounds)
    return together([read_source(Source.file(Path(path)), budget) for path in paths])


def read_bytes(name: str, content: bytes, bounds: Bounds = HOME) -> Reading:
    """A file that was dropped."""
    return together([read_source(Source.data(name, content), Budget(bounds))])


def read_text(text: str, bounds: Bounds = HOME, name: str = "pasted text") -> Reading:
    """What was pasted."""
    return read_bytes(name, text.encode(errors="replace"), bounds)


def read_source(source: Source, budget: Budget) -> Reading:
    try:
        head = source.head()
        if not head:
            return Reading((), (say(s.EMPTY, file=source.name),))
        text = decoded(head)
        for known in FORMATS:
            if known.recognises(head, text):
                return _understood(source.name, known.name, known.read(source, budget))
    except Refused as refused:
        return Reading((), (refused.sentence,))
    except OSError as error:
        return Reading((), (say(s.UNREADABLE, file=source.name, reason=error.strerror or type(error).__name__),))
    return Reading((), (say(s.NOTHING, file=source.name),))


def _understood(file: str, format_name: str, rows: Rows) -> Reading:
    runs: list[LogRun] = []
    notes: list[Sentence] = list(rows.notes)
    for raw in rows.runs:
        result = understood(raw, file, format_name)
        if isinstance(result, LogRun):
            runs.append(result)
        elif result not in notes:
            notes.append(result)
    if not rows.runs and not any(isinstance(n, Sentence) for n in notes):
        notes.append(say(s.NO_ROWS, file=file, format=format_name))
    return Reading(tuple(runs), tuple(notes))


__all__ = ["HEAD", "read_bytes", "read_paths", "read_source", "read_text"]
