"""Runs that were read, as bytes and back: one zip of arrays and a JSON of the rest, without pickle. What was read in 20 MB of JSON lines is
about 3 MB."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np

from core.logs.model import Column, Guess, Table, Taken
from core.logs.reading import Reading
from core.logs.run import LogRun
from core.logs.sentences import Sentence
from core.logs.take import CONVERSIONS, KNOWN_METRICS

VERSION = 1
TABLES = ("training", "evaluation")


class DamagedLog(ValueError):
    """Bytes that `to_bytes` did not write, or a later version of it did."""


@dataclass(frozen=True)
class Correction:
    """What a person said a column stands for, in the runs of this name in this file: `metric` None is nothing of the Lab's."""

    file: str
    run: str  # its name
    column: str
    metric: str | None
    conversion: str = "same"


def corrected(reading: Reading, corrections: Iterable[Correction]) -> Reading:
    """The reading with all that was said of its columns, in that order. A correction of what it does not have is left out."""
    runs = list(reading.runs)
    for said in corrections:
        known = (said.metric is None or said.metric in KNOWN_METRICS) and said.conversion in CONVERSIONS
        for i, run in enumerate(runs):
            if known and (run.file, run.name) == (said.file, said.run) and has(run, said.column):
                runs[i] = run.retaken(said.column, said.metric, said.conversion)
    return Reading(tuple(runs), reading.notes)


def has(run: LogRun, column: str) -> bool:
    """Whether it logged something under this name."""
    return column in run.training.columns or column in run.evaluation.columns


def to_bytes(reading: Reading) -> bytes:
    arrays: dict[str, np.ndarray] = {}
    about = {
        "version": VERSION,
        "runs": [_packed(run, f"{i}", arrays) for i, run in enumerate(reading.runs)],
        "notes": [_said(note) for note in reading.notes],
    }
    arrays["about"] = np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)
    out = io.BytesIO()
    np.savez_compressed(out, **arrays)
    return out.getvalue()


def from_bytes(content: bytes) -> Reading:
    """DamagedLog if it cannot be read."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        about = json.loads(arrays["about"].tobytes())
        if about["version"] != VERSION:
            raise ValueError(f"version {about['version']}")
        runs = tuple(_unpacked(values, f"{i}", arrays) for i, values in enumerate(about["runs"]))
        return Reading(runs, tuple(map(_sentence, about["notes"])))
    except (ValueError, KeyError, TypeError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise DamagedLog(f"the log that was kept is damaged ({error}); read the file again") from error


def _packed(run: LogRun, at: str, arrays: dict[str, np.ndarray]) -> dict:
    """What is no array of the run; its arrays are added to `arrays`."""
    columns = {}
    for part in TABLES:
        table: Table = getattr(run, part)
        arrays[f"{at}.{part}.steps"] = table.steps
        columns[part] = list(table.columns)
        for i, column in enumerate(table.columns.values()):
            arrays[f"{at}.{part}.{i}.rows"] = column.rows.astype(np.int32)
            arrays[f"{at}.{part}.{i}.values"] = column.values
    return {
        "name": run.name, "file": run.file, "format": run.format, "framework": asdict(run.framework), "step_unit": run.step_unit,
        "step_key": run.step_key, "columns": columns, "summary": dict(run.summary), "taken": {c: asdict(t) for c, t in run.taken.items()},
        "notes": [_said(note) for note in run.notes],
    }  # fmt: skip


def _unpacked(values: dict, at: str, arrays: dict[str, np.ndarray]) -> LogRun:
    tables = {}
    for part in TABLES:
        columns = {
            name: Column(arrays[f"{at}.{part}.{i}.rows"].astype(np.int64), arrays[f"{at}.{part}.{i}.values"])
            for i, name in enumerate(values["columns"][part])
        }
        tables[part] = Table(arrays[f"{at}.{part}.steps"], columns)
    guess = values["framework"]
    return LogRun(
        name=values["name"], file=values["file"], format=values["format"], step_unit=values["step_unit"], step_key=values["step_key"],
        framework=Guess(guess["name"], guess["sure"], tuple(guess["because"])), **tables, summary=values["summary"],
        taken={column: Taken(**taken) for column, taken in values["taken"].items()}, notes=tuple(map(_sentence, values["notes"])),
    )  # fmt: skip


def _said(sentence: Sentence) -> list:
    return [sentence.template, {k: v if isinstance(v, (int, float)) else str(v) for k, v in sentence.values.items()}]


def _sentence(said: list) -> Sentence:
    return Sentence(said[0], said[1])
