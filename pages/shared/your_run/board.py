"""The board of a log, which ticks while the log is followed."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import streamlit as st

from core.analysis.charts.palette import KNOWN
from core.analysis.markdown import plain
from core.logs import LogRun
from core.logs.model import ROLLOUT
from pages.shared.common import series
from pages.shared.common.live import HEARTBEAT_SECONDS
from pages.shared.common.live_board import live_board
from pages.shared.common.live_board.charts import STYLES, side_styles
from pages.shared.common.live_board.payload import BoardContents
from pages.shared.common.live_board.sender import Moment
from pages.shared.common.log_charts import charts_for
from pages.shared.common.state import Key
from pages.shared.common.view_settings import chosen_view
from pages.shared.your_run.beside import choices, goes_on, histories_of, is_lab, states_of
from pages.shared.your_run.drawing import Drawn, drawn
from pages.shared.your_run.findings import marks
from pages.shared.your_run.shown import Shown, still_shown
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
    going = goes_on(BESIDE(what.mark).get())
    seconds = None
    if what.watched is not None or going:
        seconds = HEARTBEAT_SECONDS if what.labels else TICK_SECONDS  # the board looks for what is new, once there is one
    st.fragment(_board, run_every=seconds)(tuple(what.labels), going)


def _board(labels: tuple[str, ...], going: bool) -> None:
    what = still_shown()
    if what is None:
        return
    beside = BESIDE(what.mark).get()
    if tuple(what.labels) != labels or going != goes_on(beside):
        st.rerun()  # what the page says of it is out of date: another run has appeared, or the last one beside it is over
    chosen = [label for label in runs_key(what).get() if label in what.labels] or at_first(what)
    runs = {label: what.labels[label] for label in chosen[:MOST]}
    columns = MORE(what.mark).get()
    if not runs:
        st.info("There is no run yet. It is looked for every second.", icon=":material/hourglass_empty:")
        for note in what.watched.notes if what.watched else ():
            st.caption(plain(str(note)))
        return
    others = histories_of(beside, choices(what, beside)) if beside else {}
    if len(runs) + len(others) > MOST:
        st.caption(f"Only {MOST} lines can be told apart: the last ones are not drawn. Choose fewer runs.")
        others = dict(list(others.items())[: max(1, MOST - len(runs))])
        runs = dict(list(runs.items())[: MOST - len(others)])
    lengths = tuple((label, len(history)) for label, history in others.items())
    mark = (what.mark, what.version, tuple(runs), tuple(columns), tuple(beside), lengths)
    made = drawn(mark, runs, columns, others, grows=what.watched is not None or going)
    contents = BoardContents(
        made.histories,
        comparison=f"{what.mark}#{made.epoch}",
        **_view(runs.values(), beside),
        events=_events(what, runs, made),
        charts=charts_for(runs.values(), columns),
        sides=_styles(made.histories),
    )

    def look() -> Moment:
        """The same until there is something new, which the script draws."""
        if what.watched is not None:
            what.watched.look()
        mark = (what.watched and (what.watched.version, what.watched.said), states_of(beside))
        seconds = TICK_SECONDS if what.watched is not None or going else None
        return Moment(replace(contents, badge=_badge(what, going)), seconds, mark)

    live_board(look, key="your_run:board")


def first_axis(beside: Sequence[str]) -> str:
    """The x-axis before one is chosen: the steps of the Lab's small runs do not compare with those of a log."""
    return "share" if any(map(is_lab, beside)) else "update"


def _view(runs: Iterable[LogRun], beside: Sequence[str]) -> dict:
    """A step that is a rollout is called so on the axis, unless other runs beside it count updates."""
    view = chosen_view(PREFIX, first_axis(beside))
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


def _badge(what: Shown, going: bool) -> dict | None:
    if what.watched is None:
        return {"state": "live", "text": "a run beside it goes on"} if going else None
    ago = max(0.0, time.time() - what.watched.changed)
    return {"state": "live", "text": f"followed, last change {ago:.0f} s ago"}
