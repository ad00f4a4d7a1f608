"""What can be laid beside a log: other logs that were kept, the visitor's runs of the Lab, and the Lab's shipped comparison."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.analysis.history import History
from core.logs.kept import DamagedLog
from core.runs.store.logs import StoredLog
from core.runs.store.store import StoredRun, StoreError
from core.settings.fields import ConfigError
from core.settings.scenarios import SCENARIOS
from pages.shared.common.labels import chart_text
from pages.shared.common.measured import log_reading, run_history
from pages.shared.common.process import store, visitor
from pages.shared.common.results import results_of
from pages.shared.your_run.shown import Shown

MOST_OFFERED = 200


def choices(what: Shown) -> dict[str, str]:
    """Choice ("log:ID", "run:ID" or "shipped:SIDE") -> its name in the list, newest first."""
    found = {f"log:{log.id}": f"Your log · {log.name}" for log in _logs() if what.log is None or log.id != what.log.id}
    found |= {f"run:{row.stored_id}": f"Lab · {_title(row)} · {row.label}" for row in _runs()}
    found |= {f"shipped:{side}": f"Lab · shipped example · {side}" for side in results_of(None)}
    return found


def histories_of(chosen: Sequence[str], names: dict[str, str]) -> dict[str, History]:
    """Label -> history of what can be read."""
    found = {}
    for choice in chosen:
        kind, _, which = choice.partition(":")
        label = chart_text(names[choice].removeprefix("Lab · ").removeprefix("Your log · "))
        try:
            if kind == "shipped":
                found[label] = results_of(None)[which].history
            elif kind == "run":
                found[label] = run_history(store().run(int(which)))
            else:
                for place, run in enumerate(log_reading(store().logs.find(which)).runs):
                    found[f"{label} · {chart_text(run.name)}" if place else label] = run.history()
        except (LookupError, ConfigError, StoreError, DamagedLog) as error:
            st.warning(f"{label} cannot be read: {error}", icon=":material/visibility_off:")
    return found


def _logs() -> list[StoredLog]:
    try:
        return store().logs.list(visitor())[:MOST_OFFERED]
    except StoreError:
        return []


def _runs() -> list[StoredRun]:
    """Those that are over: a history that grows belongs to Runs and Compare."""
    try:
        return [row for row in store().runs(owner=visitor()) if row.status.finished and row.updates][:MOST_OFFERED]
    except StoreError:
        return []


def _title(row: StoredRun) -> str:
    return row.name or (SCENARIOS[row.scenario].title if row.scenario in SCENARIOS else row.scenario)
