"""MLflow's run folders: per run a description and a folder `metrics` with a file per name, each line `timestamp value step`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from core.logs import sentences as s
from core.logs.bounds import Budget
from core.logs.builder import Collector
from core.logs.cells import number, whole
from core.logs.reading import Rows
from core.logs.sentences import printable, say
from core.logs.source import Refused, Source

FORMAT_NAME = "MLflow"
OWN = ("meta.yaml", "metrics", "params", "tags", "inputs", "outputs")  # in a run's folder; what else is there are artefacts
_NAME = re.compile(r"^run_name: *['\"]?(.{1,80}?)['\"]? *$", re.MULTILINE)
_RUN = re.compile(r"^run_(?:id|uuid): ", re.MULTILINE)


@dataclass
class RunFolder:
    """One run's files: metric name -> its file."""

    name: str
    metrics: dict[str, Source] = field(default_factory=dict)


def described(meta: Source) -> str | None:
    """The name of the run that a RUN/meta.yaml describes, "" if it has none; None if the file describes no run."""
    text = meta.head().decode(errors="replace")
    if not _RUN.search(text):
        return None
    named = _NAME.search(text)
    return printable(named[1], 80) if named else ""


def split(sources: Iterable[Source]) -> tuple[list[Source], list[RunFolder]]:
    """The files that belong to no MLflow run, and the runs."""
    sources = list(sources)
    runs: dict[str, RunFolder] = {}
    for source in sources:
        path = PurePosixPath(source.name)
        if path.name == "meta.yaml" and (called := described(source)) is not None:
            runs[path.parent.as_posix()] = RunFolder(called or path.parent.name)
    rest = []
    for source in sources:
        folder = next((p.as_posix() for p in PurePosixPath(source.name).parents if p.as_posix() in runs), None)
        if folder is None:
            rest.append(source)
            continue
        inner = PurePosixPath(source.name).relative_to(folder)
        if inner.parts[0] == "metrics" and len(inner.parts) > 1:
            runs[folder].metrics["/".join(inner.parts[1:])] = source
        elif inner.parts[0] not in OWN:
            rest.append(source)  # an artefact: it may be a log itself
    return rest, [run for run in runs.values() if run.metrics]


class MetricRows:
    """The values of one run by step. `bad` counts lines that could not be read."""

    def __init__(self) -> None:
        self._rows: dict[int, dict[str, float]] = {}
        self.bad = 0

    def add(self, name: str, line: str) -> None:
        parts = line.split()
        step = whole(parts[2]) if len(parts) == 3 else None
        value = number(parts[1]) if step is not None else None
        if value is None:
            self.bad += bool(parts)
        else:
            self._rows.setdefault(step, {})[name] = value

    def rows(self, run: str, budget: Budget) -> Rows:
        """Refused if nothing was read."""
        collector = Collector(run, budget)
        for step in sorted(self._rows):
            if not collector.add({"step": step, **self._rows[step]}):
                break
        if not self._rows:
            raise Refused(say(s.NO_ROWS, file=run, format="a run of MLflow"))
        runs, notes = collector.runs(run)
        if self.bad:
            notes.append(say(s.BAD_LINES, file=run, count=self.bad, line=1))
        return Rows(runs, notes)


def read(run: RunFolder, budget: Budget) -> Rows:
    found = MetricRows()
    for name, source in list(run.metrics.items())[: budget.bounds.columns]:
        for line in source.lines(budget):
            found.add(name, line)
    return found.rows(run.name, budget)
