"""Columns taken for metrics: which column stands for which metric, and how its values become that metric's."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from core.analysis.metrics import METRIC_NAMES, METRICS
from core.logs.model import Table, Taken
from core.logs.names import EXTRA, EXTRA_NAMES, name_for
from core.logs.names import notes as n

SHARES = frozenset(metric.name for metric in (*METRICS, *EXTRA) if metric.unit in ("fraction", "probability"))
KNOWN_METRICS = (*METRIC_NAMES, *EXTRA_NAMES)

CONVERSIONS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "same": lambda x: x,
    "percent": lambda x: x / 100,
    "percent_kept": lambda x: 1 - x / 100,
    "plus_minus_one": lambda x: (x + 1) / 2,  # a reward of -1 or 1 as the share of right answers
    "zero_is_none": lambda x: np.where(x == 0, np.nan, x),
}
EVALUATIONS = frozenset(m.name for m in (*METRICS, *EXTRA) if m.name.startswith("eval_"))


def taken_columns(training: Table, evaluation: Table, framework: str) -> dict[str, Taken]:
    """Column -> what it is taken for in a log of `framework`; one column per metric, the best known name first. An
    evaluation's columns stand for evaluation metrics only. Percents are recognised by values above 1 in a share."""
    hits: dict[str, list[tuple[int, str, Taken, int]]] = {}
    for table, of_evaluation in ((training, False), (evaluation, True)):
        for column, content in table.columns.items():
            for place, name in name_for(column, framework):
                if (name.metric in EVALUATIONS) == of_evaluation:
                    taken = Taken(name.metric, name.conversion, name.note)
                    hits.setdefault(name.metric, []).append((place, column, taken, len(content.rows)))
    best = {metric: _best(found) for metric, found in hits.items()}
    if "policy_loss" in best and best["policy_loss"][1] == best.get("loss", (0, "", None))[1]:
        del best["policy_loss"]
    found: dict[str, Taken] = {}
    for _, column, taken in sorted(best.values(), key=lambda entry: KNOWN_METRICS.index(entry[2].metric)):
        table = evaluation if taken.metric in EVALUATIONS else training
        found.setdefault(column, _scaled(taken, table.columns[column].values))
    return found


def _best(found: list[tuple[int, str, Taken, int]]) -> tuple[int, str, Taken]:
    """The best known name of those that are logged half as often as the most often logged, or more often."""
    most = max(rows for *_, rows in found)
    return min((place, column, taken) for place, column, taken, rows in found if 2 * rows >= most)


def _scaled(taken: Taken, values: np.ndarray) -> Taken:
    finite = values[np.isfinite(values)]
    if (
        taken.metric in SHARES
        and taken.conversion == "same"
        and len(finite)
        and 1.0001 < finite.max() <= 100
        and finite.min() >= 0
    ):
        return Taken(taken.metric, "percent", taken.note)
    return taken


def derived(training: Table, taken: Mapping[str, Taken]) -> dict[str, tuple[np.ndarray, str]]:
    """Metric -> (S,) values and a note, computed from other columns where no column holds the metric itself."""
    have = {entry.metric: column for column, entry in taken.items()}

    def series(metric: str) -> np.ndarray:
        if metric in found:
            return found[metric][0]
        return CONVERSIONS[taken[have[metric]].conversion](training.values(have[metric]))

    found: dict[str, tuple[np.ndarray, str]] = {}
    groups = next((c for c in training.columns if c.lower() in ("n_groups", "num_groups", "groups", "total_groups")), None)
    skipped = next((c for c in training.columns if c.lower() in ("skipped_groups", "n_skipped_groups", "filtered_groups")), None)
    for counts, share in (("all_wrong_groups", "all_wrong_fraction"), ("all_right_groups", "all_right_fraction")):
        if groups and counts in have and share not in have:
            found[share] = (_ratio(series(counts), training.values(groups)), n.GROUPS_COUNTED)
    if groups and skipped and "filter_ratio" not in have:
        dropped = training.values(skipped)
        found["filter_ratio"] = (_ratio(dropped, training.values(groups) + dropped), n.SKIPPED_GROUPS)
    of_all, kept = ([c for c in training.columns if c.startswith(f"train/agg/{part}/")] for part in ("all", "effective"))
    ended = [next((c for c in of_all if c.endswith(f"/{name}")), None) for name in ("solved_none", "solved_all")]
    if kept and all(ended) and "filter_ratio" not in have.keys() | found.keys():
        found["filter_ratio"] = (training.values(ended[0]) + training.values(ended[1]), n.DROPPED_OF_ALL)
    if "clip_fraction" not in have and {"clip_fraction_low", "clip_fraction_high"} <= have.keys():
        found["clip_fraction"] = (series("clip_fraction_low") + series("clip_fraction_high"), n.SUM_OF_SIDES)
    if "zero_std_fraction" not in have and {"all_wrong_fraction", "all_right_fraction"} <= have.keys() | found.keys():
        found["zero_std_fraction"] = (series("all_wrong_fraction") + series("all_right_fraction"), n.SUM_OF_SIDES)
    return found


def _ratio(part: np.ndarray, of: np.ndarray) -> np.ndarray:
    return np.divide(part, of, out=np.full(len(part), np.nan), where=of > 0)
