"""Several files at once: a folder or an archive. Which of them belong together is told by their places and by what stands in them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath

from core.logs import sentences as s
from core.logs.bounds import Budget
from core.logs.readers import json_values, mlflow_folder, tensorboard
from core.logs.readers.add_scalars import series_of
from core.logs.reading import Reading, Rows
from core.logs.sentences import Sentence, listed, say
from core.logs.source import Refused, Source, decoded

_GLOBAL_STEP = re.compile(r'"global_step"\s*:\s*(\d{1,15})')
_SKIPPED_FOLDERS = frozenset((".git", "__pycache__", "node_modules", "__MACOSX", ".venv"))
# Weights and the like: never opened. Everything else is recognised by its content.
_SKIPPED_ENDINGS = frozenset(
    (".pt", ".pth", ".bin", ".safetensors", ".ckpt", ".pkl", ".pickle", ".npz", ".npy", ".png", ".jpg", ".py", ".so")
)

ReadRows = Callable[[Callable[[], Rows], str, str], Reading]
ReadOne = Callable[[Source], Reading]


def folder_sources(folder: Path, most: int) -> Iterator[Source]:
    """The files below `folder`, by name, at most `most`; links to folders are not followed."""
    count = 0
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED_FOLDERS)
        for name in sorted(files):
            path = Path(place, name)
            if is_skipped(name) or not path.is_file():
                continue
            count += 1
            if count > most:
                return
            yield Source.file(path, path.relative_to(folder).as_posix())


def is_skipped(name: str) -> bool:
    return name.startswith(".") or PurePosixPath(name).suffix.lower() in _SKIPPED_ENDINGS


def read_tree(name: str, sources: list[Source], budget: Budget, read_rows: ReadRows, read_one: ReadOne) -> list[Reading]:
    """The readings of files that belong together and of each other file. Files that hold no log are named in one sentence."""
    readings: list[Reading] = []
    rest, runs = mlflow_folder.split(sources)
    readings += [read_rows(lambda run=run: mlflow_folder.read(run, budget), run.name, mlflow_folder.FORMAT_NAME) for run in runs]
    rest, states = _split(rest, _is_state)
    for several in _by_training(states):
        latest = max(several, key=_step_of)
        readings.append(read_one(latest))
        if len(several) > 1:
            readings.append(Reading((), (say(s.CHECKPOINTS, file=latest.name, count=len(several)),)))
    rest, events = _split(rest, _is_event_file)
    for folder, (several, series) in event_folders(_by_folder(events), budget).items():
        label = f"{name}/{folder}" if folder != "." else name
        readings.append(read_rows(partial(tensorboard.read_files, several, label, budget, series), label, "TensorBoard"))
    silent, summaries = [], []
    for source in rest:
        reading = read_one(source)
        if _is_summary(reading):
            summaries.append(reading)
        elif reading.runs or not any(_says_nothing(note) for note in reading.notes):
            readings.append(reading)
        else:
            silent.append(source.name)
    if any(reading.runs for reading in readings):
        silent += [reading.runs[0].file for reading in summaries]
    else:
        readings += summaries
    if silent:
        readings.append(Reading((), (say(s.NO_LOGS, file=name, names=listed(silent)),)))
    return readings


def _is_summary(reading: Reading) -> bool:
    """One row of last values, as W&B writes beside a run's log."""
    return len(reading.runs) == 1 and len(reading.runs[0].steps) == 1 and "_runtime" in reading.runs[0].columns


def _says_nothing(note: Sentence) -> bool:
    return note.template in (s.NOTHING, s.EMPTY, s.NO_ROWS, s.NOT_TRAINING, s.BROKEN)


def _split(sources: list[Source], belongs: Callable[[Source], bool]) -> tuple[list[Source], list[Source]]:
    rest, there = [], []
    for source in sources:
        (there if belongs(source) else rest).append(source)
    return rest, there


def _head(source: Source) -> bytes:
    try:
        return source.head()
    except (OSError, Refused):
        return b""


def _is_event_file(source: Source) -> bool:
    return tensorboard.recognises(_head(source), "")


def _is_state(source: Source) -> bool:
    head = _head(source)
    return json_values.TRAINER_STATE.recognises(head, decoded(head))


def _by_training(states: list[Source]) -> list[list[Source]]:
    """The states of each training: in its folder and in the checkpoints there."""
    by_training: dict[tuple[str, str], list[Source]] = {}
    for source in states:
        by_training.setdefault((training_of(source.name), PurePosixPath(source.name).name), []).append(source)
    return list(by_training.values())


def training_of(name: str) -> str:
    """The folder of the training to which a state belongs: the state's own, or that of the checkpoint."""
    folder = PurePosixPath(name).parent
    return (folder.parent if folder.name.startswith("checkpoint-") else folder).as_posix()


def _step_of(state: Source) -> int:
    found = _GLOBAL_STEP.search(decoded(_head(state)))
    return int(found[1]) if found else -1


def event_folders(folders: dict[str, list[Source]], budget: Budget) -> dict[str, tuple[list[Source], dict[str, list[Source]]]]:
    """A run's folder -> its files, and those of the folders that `add_scalars` made for it by their columns."""
    found: dict[str, tuple[list[Source], dict[str, list[Source]]]] = {}
    for folder, files in folders.items():
        path = PurePosixPath(folder)
        beside = [PurePosixPath(other).name for other in folders if PurePosixPath(other).parent == path.parent]
        # Opening a file of an archive unpacks all of it: only where the name can be one of a tag and a key.
        tags = tensorboard.first_tags(files[0], budget) if "_" in path.name else frozenset()
        series = series_of(path.name, tags, beside)
        if series is None:
            found.setdefault(folder, ([], {}))[0].extend(files)
        else:
            found.setdefault((path.parent / series.run).as_posix(), ([], {}))[1][series.column] = files
    return found


def _by_folder(sources: list[Source]) -> dict[str, list[Source]]:
    folders: dict[str, list[Source]] = {}
    for source in sorted(sources, key=lambda source: source.name):
        folders.setdefault(PurePosixPath(source.name).parent.as_posix(), []).append(source)
    return folders
