"""What is renamed, deleted and brought back as one: a comparison of the Lab with all its sides, or a log with all its runs. Its id is the
comparison's, or the log's after LOG."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress

from core.runs.manager import UnknownComparison
from core.runs.store.logs import StoredLogs
from core.runs.store.store import Store
from pages.shared.common.process import manager, store
from pages.shared.common.rename import rename_button
from pages.shared.common.state import COMPARISON
from pages.shared.runs.listed import LOG, Listed
from pages.shared.runs.state import NAME, RENAMING, UNDO


def place_of(group: str) -> tuple[Store | StoredLogs, str]:
    """Where it is kept, and its id there: both places rename, delete, undelete and purge."""
    return (store().logs, group.removeprefix(LOG)) if group.startswith(LOG) else (store(), group)


def rename(group: str, name: str, *, empty: str = "") -> None:
    """`empty`: what an empty name stands for; '' = it must have one."""

    def save(new: str) -> None:
        kept, its_id = place_of(group)
        kept.rename(its_id, new)

    rename_button(save, name, form=f"runs:rename:{group}", key=NAME(group), opened=RENAMING(group), empty=empty)


def delete(groups: Sequence[str], runs: Sequence[Listed]) -> None:
    """Stop unfinished runs, hide all of them, and remember them for undo."""
    gone = [run for run in runs if run.group in groups]
    live = {run.group for run in gone if not run.over}
    for group in groups:
        if group in live:
            with suppress(UnknownComparison):  # it trains in another process, which ends it when nobody is watching
                manager().stop(group)
        kept, its_id = place_of(group)
        kept.delete(its_id)
    if COMPARISON.get() in groups:
        COMPARISON.set(None)  # Compare would go on showing it
    count = f"{len(gone)} runs" if len(gone) != 1 else "1 run"
    stopped = " What was still going on has been stopped." if live else ""
    UNDO.set((tuple(groups), f"Deleted: {_what(groups, gone)}, {count}.{stopped}"))


def _what(groups: Sequence[str], gone: Sequence[Listed]) -> str:
    return gone[0].naming.name if len(groups) == 1 else counted(groups)


def counted(groups: Collection[str]) -> str:
    """'2 comparisons and 1 log'."""
    logs = sum(group.startswith(LOG) for group in groups)
    parts = ((len(groups) - logs, "comparison"), (logs, "log"))
    return " and ".join(f"{count} {noun}{'s' if count != 1 else ''}" for count, noun in parts if count)
