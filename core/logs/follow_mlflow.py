"""One growing run of MLflow, whose folder has a file for every metric: each is read on from where it was read to."""

from __future__ import annotations

import os
from pathlib import Path

from core.logs.bounds import Budget
from core.logs.follow import MOST_BYTES
from core.logs.readers.mlflow_folder import MetricRows
from core.logs.reading import Rows


class FollowedMlflow:
    """A line counts when it has its end. A file that has become shorter was written anew: then all are read again."""

    def __init__(self, name: str, budget: Budget):
        self._name, self._budget = name, budget
        self._files: dict[Path, str] = {}
        self._restart()

    def _restart(self) -> None:
        self._places: dict[Path, int] = dict.fromkeys(self._files, 0)
        self._rows = MetricRows()

    def add(self, metric: str, path: Path) -> None:
        if path not in self._files and len(self._files) < self._budget.bounds.columns:
            self._files[path], self._places[path] = metric, 0

    def __contains__(self, path: Path) -> bool:
        return path in self._files

    def look(self) -> bool:
        sizes, gone = {}, None
        for path in self._files:
            try:
                sizes[path] = os.stat(path).st_size
            except OSError as error:
                gone = error
        if any(size < self._places[path] for path, size in sizes.items()):
            self._restart()
        grew = [self._read(path) for path, size in sizes.items() if size > self._places[path]]
        if gone is not None and not any(grew):
            raise gone
        return any(grew)

    def _read(self, path: Path) -> bool:
        with path.open("rb") as stream:
            stream.seek(self._places[path])
            whole_lines, end, _ = stream.read(MOST_BYTES).rpartition(b"\n")
        self._places[path] += len(whole_lines) + len(end)
        for line in whole_lines.decode(errors="replace").splitlines():
            self._rows.add(self._files[path], line)
        return bool(end)

    def rows(self) -> Rows:
        return self._rows.rows(self._name, Budget(self._budget.bounds))
