"""Finished comparisons in the history that a server reads: what a visitor has run before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.analysis.result import Status
from core.runs.store.store import Store
from core.settings.links import from_query
from pages.shared.common.process import DATABASE
from tests.support import trained


def add(
    folder: Path,
    settings: dict[str, str],
    *,
    owner: str,
    name: str = "",
    scenario: str = "",
    label: Callable[[str], str] = "{}".format,
    status: Status = Status.DONE,
    **failure: str,
) -> str:
    """The id of a new comparison: `settings` (of a link) trained and stored. `label` makes the stored label of a side; `failure` is the
    error and the traceback of a run that failed."""
    store = Store(folder / DATABASE)
    try:
        comparison = store.add_comparison(owner=owner, scenario=scenario or settings["scenario"], name=name)
        for side, config in from_query(settings).runs.items():
            stored_id = store.add_run(comparison, label(side), config)
            for record in trained(config):
                store.append(stored_id, record)
            store.set_status(stored_id, status, **failure)
    finally:
        store.close()
    return comparison
