"""Converts histories into the points that the live board draws. Numbers only; no Streamlit.

The result is a plain dict of lists, ready for JSON, rounded to four significant digits, which is finer than a pixel. An update at which a
metric was not measured has no point, so that lines connect measured updates. The time to make a tail is proportional to its new records
and does not depend on the length of the run.

A long run is thinned to bound the memory of the browser: a row then stands for a bucket of 2 ** level updates. A bucket begins at a multiple
of its size. Therefore a bucket holds the same updates in every tail, and two buckets of one level merge into one of the next.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from core.analysis.cost import CostMeter, before_fork
from core.analysis.detectors import ENTROPY_COLLAPSE_FRACTION, EVENT_UPDATES, EVENTS, Detector
from core.analysis.events import Event, event_at, never_at
from core.analysis.history import History
from core.analysis.result import RunResult
from core.analysis.stats import MIN_SEEDS, after_initial, mean_and_half_width, mean_over_seeds
from core.engine.types import StepRecord

DIGITS = 4
MAX_ROWS = 3000  # of a side; a run of more updates is thinned
SAME_START = 0.02  # sides that start this close to each other share one threshold line
CLOSE_START = 0.25  # of the highest start: the words of lines that are closer would stand over each other


def level_for(updates: int) -> int:
    """The smallest level at which so many updates are at most MAX_ROWS rows."""
    return max(math.ceil(updates / MAX_ROWS) - 1, 0).bit_length()


def snapshot(
    histories: Mapping[str, History], metrics: Iterable[str], *, seeds: bool = False, levels: Mapping[str, int] | None = None
) -> dict[str, dict]:
    """Label -> everything measured so far (see `tail`), every update unless `levels` says otherwise."""
    return tail(histories, beginnings(histories), metrics, seeds=seeds, levels=levels)


def beginnings(histories: Mapping[str, History]) -> dict[str, int]:
    """Label -> an update before everything: -1, since a run begins with update 0, or less where somebody else's log does."""
    return {label: min(-1, history.first_update - 1) for label, history in histories.items()}


def tail(
    histories: Mapping[str, History],
    since: int | Mapping[str, int],
    metrics: Iterable[str],
    *,
    seeds: bool = False,
    levels: Mapping[str, int] | None = None,
    costs: Mapping[str, Sequence[float]] | None = None,
) -> dict[str, dict]:
    """Label -> what was measured after update `since` (one number, or one per label; -1 for everything), and before that what is needed
    for whole buckets. Update 0 is a bucket of its own.

    Per label: `after`, the update behind which the rows begin, a multiple of 2 ** `level`; whoever has later rows replaces them. `update`,
    [first, last] of the updates that the rows hold if there is no hole, else under `updates` the last update of each row. All that
    follows is by row: `seconds` at its last update, and `cost` there if `costs` has it (label -> one number per row of the history);
    `rollout` and `samples` (mean over seeds) there, where they change, as
    {"at": rows, "value": values}; `metrics`, name -> {"at": rows (absent = every row), "mean", "half", "low", "high", "count", "seeds"}.

    `mean` is over seeds, and over the updates of the row at which the metric was measured: `count` of them, a list, or one number if all
    are alike. `half` is half the width of the 95 % interval of the mean over seeds: absent in a run of fewer than MIN_SEEDS seeds, 0 where
    fewer were measured, and in a bucket the mean of those of its updates. `low` and `high` are the smallest and largest mean of a single
    update, absent where no row has two measured updates. `seeds` (on demand) is one list per seed, null where that seed was not measured.
    """
    names = tuple(metrics)
    start = since if isinstance(since, Mapping) else dict.fromkeys(histories, since)
    return {
        label: _side(history, start.get(label, -1), names, seeds, (levels or {}).get(label, 0), (costs or {}).get(label))
        for label, history in histories.items()
    }


def last_updates(points: Mapping[str, dict]) -> dict[str, int]:
    """Label -> the last update that `points` brings up to."""
    return {label: _last(side) for label, side in points.items()}


def collapse_thresholds(histories: Mapping[str, History]) -> list[dict]:
    """The entropy below which the detector of low entropy fires, as [{"value", "label", "side"}]: one line if all sides start alike, otherwise
    one for each, with words of its own if they are two that can be told apart, or else with words at the highest alone. Empty until a side has
    its first updates."""
    starts = {}
    for label, history in histories.items():
        begins = history.first_update  # of a fork, too, the detector looks at where it began
        table, _ = _measured(history.after(begins - 1, after_initial(begins) - 1), "entropy_nats")
        if len(table):
            starts[label] = float(np.nanmean(table))
    if not starts:
        return []
    low, mean, high = min(starts.values()), sum(starts.values()) / len(starts), max(starts.values())
    text = f"entropy low: below {ENTROPY_COLLAPSE_FRACTION:.0%} of".replace("%", " %")
    if all(abs(v - mean) <= SAME_START * abs(mean) for v in starts.values()):
        return [{"value": _rounded(ENTROPY_COLLAPSE_FRACTION * mean), "label": f"{text} the start", "side": None}]
    if len(starts) == 2 and high - low > CLOSE_START * high:
        words = {label: f"{label} {text} the start" for label in starts}
    else:
        words = {max(starts, key=starts.get): f"{text} each line's start"}
    return [
        {"value": _rounded(ENTROPY_COLLAPSE_FRACTION * v), "label": words.get(label, ""), "side": label}
        for label, v in starts.items()
    ]


def find_events(histories: Mapping[str, History]) -> list[dict]:
    """Where the mean over seeds collapsed, was solved, or had no gradient any more or never, in the words of `core.analysis.events`, as
    [{"side", "update", "metric", "text"}]. Looks at the whole run (about 5 ms per 1000 updates); for one that grows keep an `EventWatch`."""
    return EventWatch().look(histories)


class EventWatch:
    """The events of growing histories. A look costs what is new since the look before, however long the runs are."""

    def __init__(self):
        self._detectors: dict[tuple[str, str], _Detector] = {}

    def look(self, histories: Mapping[str, History]) -> list[dict]:
        """Every event so far, as `find_events` would find them. The labels must stay those of the same runs."""
        found = []
        for label, history in histories.items():
            for known in EVENTS.values():
                watched = self._detectors.setdefault((label, known.metric), _Detector(known))
                if (event := watched.look(history)) is not None:
                    found.append(
                        {"side": label, "update": event.update, "metric": event.metric, "text": f"{label}: {event.text}"}
                    )
        return found


class CostWatch:
    """The cost of growing runs, see `core.analysis.cost`. A look costs what is new since the look before."""

    def __init__(self):
        self._meters: dict[str, CostMeter] = {}
        self._costs: dict[str, list[float]] = {}

    def look(self, results: Mapping[str, RunResult]) -> dict[str, list[float]]:
        """Label -> mean over seeds at each row of its history, 0 where it is not known. The labels must stay those of the same runs."""
        for label, result in results.items():
            known = self._costs.setdefault(label, [])
            if records := result.history.after(int(result.history.updates[len(known) - 1]) if known else -1):
                if label not in self._meters:  # only its first record tells whether it is a fork or was changed in its course
                    self._meters[label] = CostMeter(result.config, before_fork(label, results))
                meter = self._meters[label]
                meter.config = result.config
                known += np.nan_to_num(mean_over_seeds(meter.add(records))).tolist()
        return self._costs


class _Detector:
    """The first event that a detector finds in one run; of the gradient also that there never was one."""

    def __init__(self, detector: Detector):
        self._detector = detector
        self._updates: list[int] = []  # measured ones: the detectors walk over all they are given
        self._values: list[float] = []  # over seeds
        self._seen = -1
        self._found: Event | None = None
        self._never: Event | None = None  # there was no gradient yet

    def look(self, history: History) -> Event | None:
        records = [] if self._found is not None else history.after(self._seen)
        if records:
            table, rows = _measured(records, self._detector.metric)
            self._updates += [records[i].update for i in rows]
            self._values += self._detector.over_seeds(table).tolist() if len(table) else []
            update = self._first()
            self._found = None if update is None else event_at(history, self._detector.metric, update)
            self._seen = records[-1].update
            self._never = self._without_gradient(history)
        return self._found or self._never

    def _without_gradient(self, history: History) -> Event | None:
        if self._detector.metric != "grad_norm" or len(self._values) < EVENT_UPDATES or max(self._values) > 0:
            return None
        return self._never or never_at(history, self._updates[EVENT_UPDATES - 1])

    def _first(self) -> int | None:
        """The start of the run and the last windows are enough, unless a window that is cut short by that fires: then all of it."""
        start = bisect_left(self._updates, after_initial(self._updates[0])) if self._updates else 0
        recent = max(start, bisect_right(self._updates, self._seen - EVENT_UPDATES))
        # A gradient can vanish only once there was one: the first update that had one is looked at as well.
        had = next((i for i in range(start, recent) if self._values[i] > 0), recent)
        rows = [*range(start), *range(had, min(had + 1, recent)), *range(recent, len(self._updates))]
        found = self._fires([self._updates[i] for i in rows], [self._values[i] for i in rows])
        return self._fires(self._updates, self._values) if found is not None and found <= self._seen else found

    def _fires(self, updates: list[int], values: list[float]) -> int | None:
        return self._detector.detect(np.array(updates, dtype=int), np.array(values)) if updates else None


def _side(
    history: History, since: int, metrics: Sequence[str], with_seeds: bool, level: int, costs: Sequence[float] | None
) -> dict:
    since = since >> level << level
    begin = history.count_until(since)
    records = history.after(since)
    if costs is not None:
        records = records[: max(len(costs) - begin, 0)]  # the run may have gone on since they were computed: the rest comes next
    updates = np.array([r.update for r in records], dtype=int)
    bucket = (updates - 1) >> level
    row_of = np.cumsum(np.diff(bucket, prepend=bucket[:1]) > 0)  # record -> row
    last = [records[i] for i in np.flatnonzero(np.diff(row_of, append=-1))]  # of each row
    side: dict = {"after": since, "level": level}
    if len(updates) and (np.diff(updates) == 1).all():
        side["update"] = [int(updates[0]), int(updates[-1])]
    else:
        side["updates"] = [r.update for r in last]
    side["seconds"] = _significant(np.array([r.wall_seconds for r in last]))
    if costs is not None:
        ends = np.flatnonzero(np.diff(row_of, append=-1))
        side["cost"] = _significant(np.array([costs[begin + row] for row in ends]))
    side["rollout"] = _changes([r.rollout for r in last])
    side["samples"] = _changes([round(float(r.samples_generated.mean())) for r in last])
    side["metrics"] = {name: _metric(records, name, with_seeds, row_of) for name in metrics}
    return side


def _metric(records: Sequence[StepRecord], name: str, with_seeds: bool, row_of: np.ndarray) -> dict:
    table, measured = _measured(records, name)
    mean, half = mean_and_half_width(table)
    rows = row_of[measured]
    first = np.flatnonzero(np.diff(rows, prepend=-1))  # of each row, in the table
    sizes = np.diff(first, append=len(rows))
    out: dict = {} if len(row_of) and len(first) == row_of[-1] + 1 else {"at": rows[first].tolist()}
    out["mean"] = _significant(np.add.reduceat(mean, first) / sizes)
    if table.shape[1] >= MIN_SEEDS:
        out["half"] = _significant(np.add.reduceat(np.nan_to_num(half), first) / sizes)
    if (sizes > 1).any():
        out["low"] = _significant(np.minimum.reduceat(mean, first))
        out["high"] = _significant(np.maximum.reduceat(mean, first))
        out["count"] = sizes.tolist() if np.ptp(sizes) else int(sizes[0])
    if with_seeds:
        sums = np.add.reduceat(np.nan_to_num(table), first)
        counts = np.add.reduceat(~np.isnan(table), first, dtype=int)
        out["seeds"] = [_significant(column) for column in np.where(counts > 0, sums / np.maximum(counts, 1), np.nan).T]
    return out


def _measured(records: Sequence[StepRecord], name: str) -> tuple[np.ndarray, np.ndarray]:
    """(M, R) values and their M rows: the records at which at least one seed was measured."""
    rows = [i for i, r in enumerate(records) if name in r.metrics]
    if not rows:
        width = len(records[0].samples_generated) if records else 1
        return np.empty((0, width)), np.empty(0, dtype=int)
    table = np.array([records[i].metrics[name] for i in rows], dtype=float)
    missing = ~np.isfinite(table)
    table[missing] = np.nan  # JSON has no infinity, and a line through it would hide the rest
    kept = ~missing.all(1)
    return table[kept], np.array(rows, dtype=int)[kept]


def _changes(values: Sequence[int]) -> dict:
    at = [i for i, v in enumerate(values) if i == 0 or v != values[i - 1]]
    return {"at": at, "value": [values[i] for i in at]}


def _significant(values: np.ndarray) -> list:
    """Rounded to four significant digits, whole numbers as such, NaN as None."""
    values = np.asarray(values, dtype=float)
    safe = np.where(np.isnan(values) | (values == 0), 1.0, values)
    decimals = DIGITS - 1 - np.floor(np.log10(np.abs(safe)))
    scale = 10.0 ** np.abs(decimals)
    # Dividing by a power of ten gives the shortest decimal; multiplying by 0.001 would leave 0.30000000000000004.
    rounded = np.where(decimals >= 0, np.round(values * scale) / scale, np.round(values / scale) * scale)
    return [None if v != v else int(v) if v == int(v) else v for v in rounded.tolist()]


def _rounded(value: float) -> float:
    return _significant(np.array([value]))[0] if math.isfinite(value) else value


def _last(side: dict) -> int:
    updates = side.get("update") or side.get("updates")
    return updates[-1] if updates else side["after"]
