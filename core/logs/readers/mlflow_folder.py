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

_NAME = re.compile(r"^run_name: *['\"]?(.{1,80}?)['\"]? *$", re.MULTILINE)
_RUN = re.compile(r"^run_(?:id|uuid): ", re.MULTILINE)


@dataclass
class RunFolder:
    """One run's files: metric name -> its file."""

    name: str
    metrics: dict[str, Source] = field(default_factory=dict)


def split(sources: Iterable[Source]) -> tuple[list[Source], list[RunFolder]]:
    """The files that belong to no MLflow run, and the runs."""
    sources = list(sources)
    runs: dict[str, RunFolder] = {}
    for source in sources:
        path = PurePosixPath(source.name)
        if path.name == "meta.yaml":
            text = source.head().decode(errors="replace")
            if _RUN.search(text):
                named = _NAME.search(text)
                runs[path.parent.as_posix()] = RunFolder(printable(named[1] if named else path.parent.name, 80))
    rest = []
    for source in sources:
        folder = next((p.as_posix() for p in PurePosixPath(source.name).parents if p.as_posix() in runs), None)
        if folder is None:
            rest.append(source)
            continue
        inner = PurePosixPath(source.name).relative_to(folder)
        if inner.parts[0] == "metrics" and len(inner.parts) > 1:
            runs[folder].metrics["/".join(inner.parts[1:])] = source
        elif inner.parts[0] not in ("params", "tags", "meta.yaml", "inputs", "outputs"):
            rest.append(source)  # an artefact: it may be a log itself
    return rest, [run for run in runs.values() if run.metrics]


def read(run: RunFolder, budget: Budget) -> Rows:
    rows: dict[int, dict[str, float]] = {}
    bad = 0
    for name, source in list(run.metrics.items())[: budget.bounds.columns]:
        for line in source.lines(budget):
            parts = line.split()
            step = whole(parts[2]) if len(parts) == 3 else None
            value = number(parts[1]) if step is not None else None
            if value is None:
                bad += bool(parts)
            else:
                rows.setdefault(step, {})[name] = value
    collector = Collector(run.name, budget)
    for step in sorted(rows):
        if not collector.add({"step": step, **rows[step]}):
            break
    if not rows:
        raise Refused(say(s.NO_ROWS, file=run.name, format="a run of MLflow"))
    runs, notes = collector.runs(run.name)
    if bad:
        notes.append(say(s.BAD_LINES, file=run.name, count=bad, line=1))
    return Rows(runs, notes)
