"""From histories to what the live board draws: numbers only, no Streamlit.

Everything is a plain dict of lists, ready for JSON. Numbers are rounded to four significant digits: a pixel shows fewer. A metric that was
not measured at an update leaves no point, so lines connect what was measured. A tail costs what its new records cost, however long the
run is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np

from core.history import History
from core.stats import (
    CONFIDENCE,
    ENTROPY_COLLAPSE_FRACTION,
    INITIAL_UPDATES,
    collapse_update,
    student_t_quantile,
    vanished_update,
)
from core.types import StepRecord

DIGITS = 4
SAME_START = 0.02  # sides that start this close to each other share one threshold line


def snapshot(histories: Mapping[str, History], metrics: Iterable[str], *, seeds: bool = False) -> dict[str, dict]:
    """Label -> everything measured so far (see `tail`)."""
    return tail(histories, 0, metrics, seeds=seeds)


def tail(
    histories: Mapping[str, History], since: int | Mapping[str, int], metrics: Iterable[str], *, seeds: bool = False
) -> dict[str, dict]:
    """Label -> what was measured after update `since` (one number, or one per label).

    Per label: `after`, the update behind which the rows begin; `update`, the rows' updates, as [first, last] if they are consecutive,
    else under `updates` one by one; `seconds`, one per row; `rollout` and `samples` (mean over seeds) where they change, as
    {"at": rows, "value": values}; `metrics`, name -> {"at": rows (absent = every row), "mean", "half", "seeds"}. `half` is half the
    width of the 95 % interval of the mean over seeds, absent for a single seed; `seeds` (on demand) one list per seed, null where that
    seed was not measured.
    """
    names = tuple(metrics)
    start = since if isinstance(since, Mapping) else dict.fromkeys(histories, since)
    return {label: _side(history, start.get(label, 0), names, seeds) for label, history in histories.items()}


def last_updates(points: Mapping[str, dict]) -> dict[str, int]:
    """Label -> the last update that `points` brings up to."""
    return {label: _last(side) for label, side in points.items()}


def collapse_thresholds(histories: Mapping[str, History]) -> list[dict]:
    """The entropy below which the collapse detector fires, as [{"value", "label", "side"}]: one line if all sides start alike, otherwise
    one for each. Empty until a side has its first updates."""
    starts = {}
    for label, history in histories.items():
        first = [r for r in history.after(0)[:INITIAL_UPDATES] if r.update <= INITIAL_UPDATES]
        table, _ = _measured(first, "entropy_nats")
        if len(table):
            starts[label] = float(np.nanmean(table))
    if not starts:
        return []
    mean = sum(starts.values()) / len(starts)
    text = f"collapsed: below {ENTROPY_COLLAPSE_FRACTION:.0%} of the start".replace("%", " %")
    if all(abs(v - mean) <= SAME_START * abs(mean) for v in starts.values()):
        return [{"value": _rounded(ENTROPY_COLLAPSE_FRACTION * mean), "label": text, "side": None}]
    return [
        {"value": _rounded(ENTROPY_COLLAPSE_FRACTION * v), "label": f"{label} {text}", "side": label}
        for label, v in starts.items()
    ]


def find_events(histories: Mapping[str, History]) -> list[dict]:
    """Where the mean over seeds collapsed or its gradient vanished, by the detectors of core.stats. Looks at the whole run (about 5 ms
    per 1000 updates): ask when an update count has changed, not on every redraw."""
    found = []
    for label, history in histories.items():
        records = history.after(0)
        updates = np.array([r.update for r in records], dtype=int)
        for metric, detect, text in (
            ("entropy_nats", collapse_update, "entropy collapsed"),
            ("grad_norm", vanished_update, "gradient vanished"),
        ):
            table, rows = _measured(records, metric)
            if len(table):
                # Only measured rows: the detectors walk over all they are given.
                update = detect(updates[rows], np.nanmean(table, 1))
                if update is not None:
                    found.append({"side": label, "update": update, "metric": metric, "text": f"{label}: {text}"})
    return found


def _side(history: History, since: int, metrics: Sequence[str], with_seeds: bool) -> dict:
    records = history.after(since)
    updates = [r.update for r in records]
    side: dict = {"after": since}
    if updates and all(b - a == 1 for a, b in pairwise(updates)):
        side["update"] = [updates[0], updates[-1]]
    else:
        side["updates"] = updates
    side["seconds"] = _significant(np.array([r.wall_seconds for r in records]))
    side["rollout"] = _changes([r.rollout for r in records])
    side["samples"] = _changes([round(float(r.samples_generated.mean())) for r in records])
    side["metrics"] = {name: _metric(records, name, with_seeds) for name in metrics}
    return side


def _metric(records: Sequence[StepRecord], name: str, with_seeds: bool) -> dict:
    table, rows = _measured(records, name)
    count = (~np.isnan(table)).sum(1)
    total = np.nansum(table, 1)
    mean = total / np.maximum(count, 1)
    out: dict = {} if len(rows) == len(records) else {"at": rows.tolist()}
    out["mean"] = _significant(mean)
    if table.shape[1] > 1:
        out["half"] = _significant(_half_width(table, mean, count))
    if with_seeds:
        out["seeds"] = [_significant(column) for column in table.T]
    return out


def _measured(records: Sequence[StepRecord], name: str) -> tuple[np.ndarray, np.ndarray]:
    """(M, R) values and their M rows: the records at which at least one seed was measured."""
    rows = [i for i, r in enumerate(records) if name in r.metrics]
    if not rows:
        width = len(records[0].samples_generated) if records else 1
        return np.empty((0, width)), np.empty(0, dtype=int)
    table = np.array([records[i].metrics[name] for i in rows], dtype=float)
    table[~np.isfinite(table)] = np.nan  # JSON has no infinity, and a line through it would hide the rest
    kept = ~np.isnan(table).all(1)
    return table[kept], np.array(rows, dtype=int)[kept]


@lru_cache(maxsize=256)
def _t(count: int) -> float:
    """How many standard errors the interval reaches to each side; a single seed has none."""
    return student_t_quantile(0.5 + CONFIDENCE / 2, count - 1) if count > 1 else 0.0


def _half_width(table: np.ndarray, mean: np.ndarray, count: np.ndarray) -> np.ndarray:
    """(M,) half the width of the 95 % interval of each row's mean, by Student's t; 0 where one seed was measured."""
    squares = np.nansum((table - mean[:, None]) ** 2, 1)
    quantiles = np.array([_t(n) for n in range(table.shape[1] + 1)])
    return quantiles[count] * np.sqrt(squares / np.maximum(count - 1, 1) / np.maximum(count, 1))


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
