"""The board of a log, which ticks while the log is followed."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

import streamlit as st

from core.analysis.charts.palette import KNOWN
from core.logs import LogRun
from core.logs.model import ROLLOUT
from pages.shared.common import series
from pages.shared.common.live_board import live_board
from pages.shared.common.live_board.charts import STYLES, side_styles
from pages.shared.common.log_charts import charts_for
from pages.shared.common.state import Key
from pages.shared.common.view_settings import chosen_view
from pages.shared.your_run.beside import choices, histories_of
from pages.shared.your_run.drawing import Drawn, drawn
from pages.shared.your_run.findings import marks
from pages.shared.your_run.shown import Shown, shown
from pages.shared.your_run.state import BESIDE, EVENTS, MORE, RUNS

PREFIX = "your_run:"
MOST = len(STYLES)  # runs drawn at once: one colour and dash each
MAX_WITH_EVENTS = 3
TICK_SECONDS = 1.0


def runs_key(what: Shown) -> Key[list[str]]:
    """Of the choice of runs. It begins anew when another run appears, which is then chosen too."""
    return RUNS(what.mark, len(what.reading.runs))


def at_first(what: Shown) -> list[str]:
    """The runs that are drawn before any are chosen: of a folder that is followed the newest."""
    labels = list(what.labels)
    return labels[-MOST:] if what.watched else labels[:MOST]


def board(what: Shown) -> None:
    st.fragment(_tick, run_every=TICK_SECONDS if what.watched else None)(tuple(what.labels))


def _tick(labels: tuple[str, ...]) -> None:
    what = shown()
    if what is None:
        return
    if tuple(what.labels) != labels:
        st.rerun()  # another run has appeared: the choice of runs and the table of columns are out of date
    chosen = [label for label in runs_key(what).get() if label in what.labels] or at_first(what)
    runs = {label: what.labels[label] for label in chosen[:MOST]}
    columns = MORE(what.mark).get()
    if not runs:
        st.info("Nothing was found there yet. It is looked for every second.", icon=":material/hourglass_empty:")
        return
    beside = BESIDE(what.mark).get()
    others = histories_of(beside, choices(what)) if beside else {}
    mark = (what.mark, what.version, tuple(runs), tuple(columns), tuple(beside), tuple(others))
    made = drawn(mark, runs, columns, others, grows=what.watched is not None)
    live_board(
        made.histories,
        key="your_run:board",
        comparison=f"{what.mark}#{made.epoch}",
        **_view(runs.values()),
        events=_events(what, runs, made),
        badge=_badge(what),
        charts=charts_for(runs.values(), columns),
        sides=_styles(made.histories),
    )


def _view(runs: Iterable[LogRun]) -> dict:
    """A step that is a rollout is called so on the axis, unless other runs beside it count updates."""
    view = chosen_view(PREFIX)
    rollouts = all(run.step_unit == ROLLOUT for run in runs)
    return view | {"xaxis": "rollout"} if rollouts and view["xaxis"] == "update" else view


def _styles(labels: Iterable[str]) -> list[dict]:
    """The Lab's own algorithms look as everywhere, once each; a line alone needs no dash to be told from others."""
    labels, own = list(labels), {}
    for label in labels:
        name = label.rpartition(" · ")[2]
        if name in KNOWN and name not in own.values():
            own[label] = name
    others = iter(side_styles(f"{label} " for label in labels if label not in own))
    styles = [{**(KNOWN[own[label]] if label in own else next(others)), "label": label} for label in labels]
    return styles if len(styles) > 1 else [{**style, "dash": "solid"} for style in styles]


def _events(what: Shown, runs: Mapping[str, LogRun], made: Drawn) -> list[dict]:
    """What the diagnosis found in the log's runs, and the events of the Lab's runs beside it; more names than these in one chart hide the
    lines."""
    if len(made.histories) > MAX_WITH_EVENTS:
        return []
    beside = {label: history for label, history in made.histories.items() if label not in runs}
    return [*marks(what, runs), *EVENTS.of(made.mark, lambda: series.find_events(beside))]


def _badge(what: Shown) -> dict | None:
    if what.watched is None:
        return None
    ago = max(0.0, time.time() - what.watched.changed)
    return {"state": "live", "text": f"followed, last change {ago:.0f} s ago"}
