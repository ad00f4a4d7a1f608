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
    """A metric's name for people."""
    if name in OTHER_WORDS:
        return OTHER_WORDS[name].title
    text = name.removesuffix("_nats").replace("_", " ")
    return text.replace("kl ", "KL ") if text.startswith("kl ") else text[:1].upper() + text[1:]


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _bounds(metric: Metric) -> tuple[float | None, float | None]:
    return (0, 1) if metric.unit in ("fraction", "probability") else (None, None)
