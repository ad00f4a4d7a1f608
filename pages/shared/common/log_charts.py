"""Which charts a log has, in words: those of the Lab in the Lab's words, then what only other trainers log, then columns as logged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.analysis.charts.words import ENTROPY, FILTER, GRADIENT, LENGTH, REWARD, UPCLIPPED, Words
from core.analysis.metrics import METRICS, Metric
from core.logs import LogRun
from core.logs.names import EXTRA
from pages.shared.common.labels import chart_text
from pages.shared.common.live_board.charts import GROUP_METRICS, GROUPS_CHART

OTHER_WORDS = {words.name: words for words in (ENTROPY, GRADIENT, REWARD, FILTER, LENGTH, UPCLIPPED)}
TITLES = {
    "loss": "Loss", "policy_loss": "Policy loss", "accuracy": "Accuracy", "eval_accuracy": "Evaluation accuracy",
    "eval_reward": "Evaluation reward",
    "reward_trained_mean": "Reward of the trained batch", "reward_std": "Standard deviation of the reward", "reward_min": "Smallest reward",
    "reward_max": "Largest reward", "all_wrong_fraction": "All-wrong groups", "all_right_fraction": "All-right groups",
    "all_wrong_groups": "All-wrong groups, counted", "all_right_groups": "All-right groups, counted",
    "zero_std_fraction": "Groups with zero reward variance", "zero_advantage_fraction": "Groups with zero advantage",
    "clip_fraction": "Clip fraction", "clip_fraction_low": "Clip fraction, lower bound", "clip_fraction_high": "Clip fraction, upper bound",
    "ratio_max": "Largest importance ratio", "kl_base": "KL to the base policy", "kl_old": "KL to the old policy",
    "mismatch_kl": "KL between sampler and trainer", "advantage_mean": "Mean advantage", "advantage_min": "Smallest advantage",
    "advantage_max": "Largest advantage", "completion_tokens_max": "Longest completion", "completion_tokens_min": "Shortest completion",
    "completion_tokens_ended_mean": "Length of completions that ended", "truncated_fraction": "Truncated completions",
    "generation_rounds": "Generation rounds", "learning_rate": "Learning rate",
}  # fmt: skip
FIRST = ("entropy_nats", "grad_norm", "reward_mean", "accuracy", "eval_accuracy", "filter_ratio")
KNOWN: Mapping[str, Metric] = {metric.name: metric for metric in (*METRICS, *EXTRA)}
COLUMN = "column: "  # before the name of a logged column: no metric is called so


def charts_for(runs: Iterable[LogRun], columns: Iterable[str]) -> tuple[dict, ...]:
    """The board's charts of all metrics that one of the runs has, and of these logged columns."""
    have = {metric for run in runs for metric in run.metrics}
    names = [*(name for name in FIRST if name in have), *(name for name in KNOWN if name in have and name not in FIRST)]
    charts = [chart_of(name) for name in names if name not in GROUP_METRICS]
    if have.issuperset(GROUP_METRICS):
        charts.insert(min(len(charts), 5), GROUPS_CHART)
    else:
        charts += [chart_of(name) for name in GROUP_METRICS if name in have]
    return (*charts, *(_column(name) for name in columns))


def chart_of(name: str) -> dict:
    metric = KNOWN[name]
    unit = "" if metric.unit == "1" else metric.unit
    words = OTHER_WORDS.get(name) or Words(name, title(name), unit, _sentence(metric.definition), _bounds(metric))
    out = {"name": name, "kind": "line", "title": words.title, "unit": words.unit, "caption": words.caption}
    if words.bounds != (None, None):
        out["bounds"] = list(words.bounds)
    return out


def _column(name: str) -> dict:
    title = chart_text(name)
    return {
        "name": COLUMN + name,
        "kind": "line",
        "title": title,
        "unit": "as logged",
        "caption": "A column of the log under its own name.",
    }


def title(name: str) -> str:
    """A metric's name for people. KeyError for an unknown one."""
    return OTHER_WORDS[name].title if name in OTHER_WORDS else TITLES[name]


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _bounds(metric: Metric) -> tuple[float | None, float | None]:
    return (0, 1) if metric.unit in ("fraction", "probability") else (None, None)
