"""A path that grows, watched: a file, or a folder in which runs appear. `poll()` gives what changed since the last one; there is no thread."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from core.logs import sentences as s
from core.logs.bounds import HOME, Bounds, Budget
from core.logs.follow import Followed, FollowedDocument, FollowedEvents, FollowedLines
from core.logs.follow_mlflow import FollowedMlflow
from core.logs.read import understood_rows
from core.logs.readers import FORMATS, json_values, mlflow_folder, tensorboard
from core.logs.readers.add_scalars import series_of
from core.logs.reading import Reading
from core.logs.run import LogRun
from core.logs.sentences import Sentence, say
from core.logs.source import HEAD, Refused, Source, decoded
from core.logs.tree import folder_sources, training_of


@dataclass(frozen=True)
class Changes:
    """What a poll found: logs that changed, each whole as it stands now, by the log's name; and sentences on what cannot be read now."""

    logs: dict[str, tuple[LogRun, ...]]
    notes: tuple[Sentence, ...] = ()
    waiting: bool = False  # the disk has not answered yet (`core.logs.patient`)

    @property
    def runs(self) -> tuple[LogRun, ...]:
        return tuple(run for several in self.logs.values() for run in several)


class Watcher:
    """Looks at `path` on every `poll`. What was read stays: a file that is deleted or cannot be read for a while takes nothing away."""

    def __init__(self, path: str | Path, bounds: Bounds = HOME):
        self._path, self._bounds = Path(path), bounds
        self._followed: dict[str, Followed] = {}
        self._formats: dict[str, str] = {}
        self._logs: dict[str, Reading] = {}
        self._undecided: dict[Path, int] = {}  # files in which nothing was recognised yet -> their size then
        self._states: dict[str, Path] = {}  # the state that is followed of each training
        self._known_states: set[Path] = set()
        self._inodes: dict[str, tuple[int, int]] = {}  # by which a rotated file is known under its new name
        self._mlflow: dict[Path, str] = {}  # folders of MLflow's runs -> their labels
        self._missing: dict[str, str] = {}

    def poll(self) -> Changes:
        """Never raises for what is on the disk."""
        notes: list[Sentence] = []
        try:
            for path, name in self._files():
                self._find(path, name)
        except OSError as error:
            notes.append(say(s.UNREADABLE, file=str(self._path), reason=error.strerror or type(error).__name__))
        logs = {}
        for name, followed in self._followed.items():
            reading = self._look(name, followed, notes)
            if reading is not None:
                self._logs[name] = reading
                logs[name] = reading.runs
                notes += reading.notes
        return Changes({name: runs for name, runs in logs.items() if runs}, tuple(dict.fromkeys(notes)))

    @property
    def reading(self) -> Reading:
        """Everything that was read so far."""
        runs = [run for reading in self._logs.values() for run in reading.runs]
        return Reading(tuple(runs), tuple(dict.fromkeys(note for reading in self._logs.values() for note in reading.notes)))

    def _look(self, name: str, followed: Followed, notes: list[Sentence]) -> Reading | None:
        try:
            grew = followed.look()
            self._missing.pop(name, None)
            if not grew:
                return None
            return understood_rows(name, self._formats[name], followed.rows())
        except Refused as refused:
            quiet = name in self._logs or (self._path.is_dir() and refused.sentence.template == s.NOTHING)
            return None if quiet else Reading((), (refused.sentence,))
        except OSError as error:
            reason = error.strerror or type(error).__name__
            if self._missing.get(name) != reason:  # said once
                notes.append(say(s.GONE, file=name, reason=reason))
            self._missing[name] = reason
            return None

    def _files(self) -> Iterator[tuple[Path, str]]:
        if self._path.is_dir():
            for source in folder_sources(self._path, self._bounds.files):
                yield source.path, source.name
        elif self._path.exists():
            yield self._path, self._path.name

    def _find(self, path: Path, name: str) -> None:
        """Begin to follow a file that is not followed yet, as soon as it can be told what it is."""
        if name in self._followed or any(
            path in f for f in self._followed.values() if isinstance(f, (FollowedEvents, FollowedMlflow))
        ):
            return
        if self._of_mlflow(path, name):
            return
        if path in self._known_states:
            self._follow_state(path, name)
            return
        found = path.stat()
        size = found.st_size
        if self._undecided.get(path) == size or not size or (found.st_dev, found.st_ino) in self._inodes.values():
            return
        with path.open("rb") as stream:
            head = stream.read(HEAD)
        text = decoded(head)
        known = next((known for known in FORMATS if known.recognises(head, text)), None)
        whole_state = known is json_values.TRAINER_STATE and text.rstrip().endswith("}")  # it may be one line
        if known is None or (_may_be_anything(text, size) and not whole_state):
            self._undecided[path] = size
        elif known is tensorboard.FORMAT:
            self._follow_events(path, name)
        elif known is json_values.TRAINER_STATE:
            self._known_states.add(path)
            self._follow_state(path, name)
        else:
            self._inodes[name] = (found.st_dev, found.st_ino)
            kind = FollowedLines if known.lines else FollowedDocument
            self._follow(name, known.name, kind(path, name, known, Budget(self._bounds)))

    def _follow(self, name: str, format_name: str, followed: Followed) -> None:
        self._followed[name], self._formats[name] = followed, format_name

    def _follow_events(self, path: Path, name: str) -> None:
        folder, column = PurePosixPath(name).parent, ""
        if folder.name:
            beside = [other.name for other in path.parent.parent.iterdir() if other.is_dir()]
            tags = tensorboard.first_tags(Source.file(path), Budget(self._bounds))
            if not tags:  # whose folder it is its first scalar tells
                self._undecided[path] = path.stat().st_size
                return
            series = series_of(folder.name, tags, beside)
            if series is not None:
                folder, column = folder.parent / series.run, series.column
        label = f"{self._path.name}/{folder}" if folder.name else self._path.name
        if label not in self._followed:
            self._follow(label, tensorboard.FORMAT.name, FollowedEvents(label, Budget(self._bounds)))
        self._followed[label].add(path, column)

    def _of_mlflow(self, path: Path, name: str) -> bool:
        """Whether the file belongs to a run of MLflow; its description begins the run, its metrics' files are followed with it."""
        for folder, label in self._mlflow.items():
            if folder in path.parents:
                inside = path.relative_to(folder)
                if inside.parts[0] == "metrics":
                    self._followed[label].add("/".join(inside.parts[1:]), path)
                return inside.parts[0] in mlflow_folder.OWN
        if path.name != "meta.yaml" or (called := mlflow_folder.described(Source.file(path))) is None:
            return False
        label = PurePosixPath(name).parent.as_posix()
        label = self._path.name if label == "." else label
        self._mlflow[path.parent] = label
        self._follow(label, mlflow_folder.FORMAT_NAME, FollowedMlflow(called or path.parent.name, Budget(self._bounds)))
        return True

    def _follow_state(self, path: Path, name: str) -> None:
        """Of a training's states (its folder's and its checkpoints') the newest is followed, under the training's name."""
        training = training_of(name)
        label = self._path.name if training == "." else training
        if path.name != "trainer_state.json" and label != path.name:
            label = f"{label}/{path.name}"
        older = self._states.get(label)
        if older == path or (older is not None and older.exists() and older.stat().st_mtime_ns >= path.stat().st_mtime_ns):
            return
        self._states[label] = path
        self._follow(
            label, json_values.TRAINER_STATE.name, FollowedDocument(path, label, json_values.TRAINER_STATE, Budget(self._bounds))
        )


def _may_be_anything(text: str, size: int) -> bool:
    """Too little of the file is there: no line is complete, or a JSON document has only begun."""
    return size < HEAD and "\n" not in text and not text.startswith(("PAR1", "SQLite"))
