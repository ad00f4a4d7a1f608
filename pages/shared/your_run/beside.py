"""What can be laid beside a log: other logs that were kept, the visitor's runs of the Lab, also while they train, and the Lab's shipped
comparison.

A choice is "log:LOG", "run:COMPARISON:LABEL" or "shipped:SIDE". Its ids cannot be guessed, so that a link may hold what its maker laid there.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import streamlit as st

from core.analysis.history import History
from core.analysis.markdown import plain
from core.logs.kept import DamagedLog
from core.runs.store.logs import StoredLog
from core.runs.store.store import StoredRun, StoreError
from core.settings.fields import ConfigError
from core.settings.scenarios import SCENARIOS
from pages.shared.common.labels import chart_text, distinct
from pages.shared.common.measured import log_reading, run_history
from pages.shared.common.process import store, visitor, watch
from pages.shared.common.results import results_of
from pages.shared.your_run.shown import Shown

MOST_OFFERED = 200
LOG, RUN, SHIPPED = "log", "run", "shipped"
GONE = "What this link lays beside the log"


def choices(what: Shown, chosen: Sequence[str] = ()) -> dict[str, str]:
    """Choice -> its name in the list, newest first: what the visitor has, and of what others have those that are `chosen`, by a link."""
    found = {f"{LOG}:{log.id}": f"Your log · {log.name}" for log in _logs() if what.log is None or log.id != what.log.id}
    found |= {f"{RUN}:{row.comparison}:{row.label}": _run_name(row) for row in _runs()}
    found |= {f"{SHIPPED}:{side}": f"Lab · shipped example · {side}" for side in results_of(None)}
    for choice in chosen:
        if choice not in found:
            with suppress(LookupError, StoreError):
                found[choice] = _name_of(choice)
    # The field finds its options by their text: an older one keeps its text when a newer one comes.
    return dict(zip(found, distinct([*found.values()][::-1])[::-1], strict=True))


def is_lab(choice: str) -> bool:
    return not choice.startswith(f"{LOG}:")


def goes_on(chosen: Sequence[str]) -> bool:
    """Whether one of them is a run that still trains or waits."""
    for choice in chosen:
        with suppress(LookupError, StoreError):
            if choice.startswith(f"{RUN}:") and not _row(choice).status.finished:
                return True
    return False


def states_of(chosen: Sequence[str]) -> tuple:
    """What changes when one of them has gone on."""
    states = []
    for choice in filter(lambda choice: choice.startswith(f"{RUN}:"), chosen):
        with suppress(LookupError, StoreError):
            row = _row(choice)
            states.append((choice, row.status, row.updates))
    return tuple(states)


def histories_of(chosen: Sequence[str], names: dict[str, str]) -> dict[str, History]:
    """Label -> history of what can be read, so far if it goes on."""
    labels, found = [], []
    for choice in chosen:
        kind, _, which = choice.partition(":")
        label = chart_text(names.get(choice, "").partition(" · ")[2])
        try:
            if kind == SHIPPED:
                several = {label: results_of(None)[which].history}
            elif kind == RUN:
                several = {label: _of_run(choice)}
            else:
                runs = log_reading(store().logs.find(which)).runs
                several = {
                    f"{label} · {chart_text(run.name)}" if place else label: run.history() for place, run in enumerate(runs)
                }
        except (LookupError, ConfigError, StoreError, DamagedLog):
            st.warning(f"{plain(label) or GONE} cannot be read: it was removed, is damaged, or was written by another version.",
                       icon=":material/visibility_off:")  # fmt: skip
            continue
        labels += several
        found += several.values()
    return dict(zip(distinct(labels), found, strict=True))


def _of_run(choice: str) -> History:
    row = _row(choice)
    if not row.status.finished:
        watch(row.comparison)
    return run_history(row)


def _row(choice: str) -> StoredRun:
    """LookupError if there is no such run."""
    kind, _, which = choice.partition(":")
    comparison, _, label = which.partition(":")
    if kind == RUN:
        for row in store().runs(comparison=comparison):
            if row.label == label:
                return row
    raise LookupError(choice)


def _name_of(choice: str) -> str:
    if choice.startswith(f"{LOG}:"):
        return f"Log · {store().logs.find(choice.partition(':')[2]).name}"
    return _run_name(_row(choice))


def _logs() -> list[StoredLog]:
    try:
        return store().logs.list(visitor())[:MOST_OFFERED]
    except StoreError:
        return []


def _runs() -> list[StoredRun]:
    try:
        rows = store().runs(owner=visitor())
    except StoreError:
        return []
    return [row for row in rows if row.updates or not row.status.finished][:MOST_OFFERED]


def _run_name(row: StoredRun) -> str:
    title = row.name or (SCENARIOS[row.scenario].title if row.scenario in SCENARIOS else row.scenario)
    return f"Lab · {title} · {row.label}"
