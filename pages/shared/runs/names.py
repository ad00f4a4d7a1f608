"""What runs are called. A comparison's name is a person's text: it is shown where neither Markdown nor HTML acts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from core.runs.store.store import StoredRun
from core.settings.scenarios import SCENARIOS
from pages.shared.common.labels import distinct
from pages.shared.runs.settings import Brief

MAX_SHORT = 28  # of a name within a label


def scenario_title(scenario: str) -> str:
    return SCENARIOS[scenario].title if scenario in SCENARIOS else scenario


def comparison_name(row: StoredRun) -> str:
    """What a person called it, or else its scenario."""
    return row.name or scenario_title(row.scenario)


def seeds_text(brief: Brief) -> str:
    if brief.first_seed is None or brief.replicas is None:
        return "seeds unknown"
    last = brief.first_seed + brief.replicas - 1
    return f"seed {last}" if brief.replicas == 1 else f"seeds {brief.first_seed}–{last}"


@dataclass(frozen=True)
class Naming:
    """What tells a run from others. Parts that it does not have are ''."""

    group: str  # an id of what it is renamed and deleted with
    name: str
    label: str
    seeds: str
    created: float  # seconds since 1970


def run_naming(row: StoredRun, brief: Brief) -> Naming:
    return Naming(row.comparison, comparison_name(row), row.label, seeds_text(brief), row.created)


def moment(seconds: float, zone: tzinfo) -> datetime:
    """A time of the history; one that a wrong clock wrote, and no calendar has, is shown as the first of all."""
    try:
        return datetime.fromtimestamp(seconds, zone)
    except (OverflowError, ValueError, OSError):
        return datetime.fromtimestamp(0, zone)


def long_labels(runs: Sequence[Naming], zone: tzinfo) -> list[str]:
    """Everything that tells a run from others; a different label for each, because a field finds its options by their text."""
    labels = [_joined(run.name, run.label, run.seeds, f"{moment(run.created, zone):%d %b %H:%M:%S}") for run in runs]
    return distinct(labels[::-1])[::-1]  # the list begins with the newest: an older one keeps its label when a newer one comes


def short_labels(runs: Sequence[Naming], zone: tzinfo) -> list[str]:
    """A different label for each run, of what these runs do not share: 'my noise test · GRPO · seeds 0–15'."""
    names = len({run.group for run in runs}) > 1
    seeds = len({run.seeds for run in runs if run.seeds}) > 1
    labels = [
        _joined(_short(run.name) if names or not run.label else "", _short(run.label), run.seeds if seeds else "") for run in runs
    ]
    timed = [f"{label} · {moment(run.created, zone):%H:%M:%S}" for label, run in zip(labels, runs, strict=True)]
    return distinct([t if labels.count(label) > 1 else label for label, t in zip(labels, timed, strict=True)])


def _joined(*parts: str) -> str:
    return " · ".join(filter(None, parts))


def _short(name: str) -> str:
    return name if len(name) <= MAX_SHORT else name[: MAX_SHORT - 1].rstrip() + "…"
