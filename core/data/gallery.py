"""The pictures of the scenarios: of each one curve per side, from a finished run. `python -m core.data.gallery [SCENARIO …]` trains anew those
whose settings have changed since, or the ones that are named; all of them take about five minutes of a processor."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch

from core.analysis.export import run_id
from core.analysis.history import History
from core.analysis.stats import mean_over_seeds
from core.data.dataset import trained
from core.settings.scenario import Scenario
from core.settings.scenarios import SCENARIOS, find_scenario

PATH = Path(__file__).parent / "gallery.json"
MOST_POINTS = 60
DIGITS = 4
# What a scenario is about, where it is not the score over updates: (metric, x-axis).
PICTURED = {
    "clip-higher-entropy": ("entropy_nats", "update"),
    "clip-higher-hurts": ("entropy_nats", "update"),
    "random-reward": ("entropy_nats", "update"),
    "length-runaway": ("completion_tokens_mean", "update"),
    "lab": ("grad_norm", "update"),
    "lab-repaired": ("entropy_nats", "update"),
    "samples-not-updates": ("eval_accuracy", "samples"),
    "sample-efficiency": ("eval_accuracy", "samples"),
}
USUAL = ("eval_accuracy", "update")


@dataclass(frozen=True)
class ScenarioPicture:
    """Lines of the mean over seeds: label -> (x, y) points. `axis` is "update" or "samples"."""

    metric: str
    axis: str
    lines: dict[str, list[tuple[float, float]]]


def picture(scenario: str) -> ScenarioPicture | None:
    """The shipped picture of a scenario; None if none is shipped, or it was made with other settings."""
    found = _shipped().get(scenario)
    if found is None or found["runs"] != _ids(SCENARIOS[scenario]):
        return None
    return ScenarioPicture(found["metric"], found["axis"], found["lines"])


def out_of_date() -> list[str]:
    """The scenarios that have no picture with their present settings."""
    return [name for name in SCENARIOS if picture(name) is None]


@cache
def _shipped() -> dict:
    return json.loads(PATH.read_text(encoding="utf-8")) if PATH.exists() else {}


def _ids(scenario: Scenario) -> dict[str, str]:
    return {label: run_id(label, run) for label, run in scenario.runs().items()}


def _made(scenario: Scenario) -> dict:
    """Train a scenario and keep its curves."""
    metric, axis = PICTURED.get(scenario.name, USUAL)
    lines = {label: points(trained(run), metric, axis) for label, run in scenario.runs().items()}
    return {"metric": metric, "axis": axis, "runs": _ids(scenario), "lines": lines}


def points(history: History, metric: str, axis: str) -> list[list[float]]:
    """At most MOST_POINTS (x, mean over seeds), each the mean of as many neighbouring measurements."""
    y = mean_over_seeds(history.metric(metric))
    x = history.updates.astype(float) if axis == "update" else history.samples.mean(1)
    there = ~np.isnan(y)
    parts = np.array_split(np.stack((x[there], y[there])), min(MOST_POINTS, int(there.sum())), axis=1)
    return [[float(f"{value:.{DIGITS}g}") for value in part.mean(1)] for part in parts]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m core.data.gallery", description=__doc__)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help="made anew even if they are up to date")
    torch.set_num_threads(1)
    for name in parser.parse_args(arguments).scenarios or out_of_date():
        made = _made(find_scenario(name))
        kept = {known: entry for known, entry in _shipped().items() if known in SCENARIOS} | {name: made}
        PATH.write_text(json.dumps({k: kept[k] for k in SCENARIOS if k in kept}, separators=(",", ":")) + "\n", encoding="utf-8")
        _shipped.cache_clear()
        print(name)


if __name__ == "__main__":
    main()
