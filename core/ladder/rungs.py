"""The rungs of the ladder as algorithms. An order is a list of techniques, added or taken away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from core.settings.algorithm import DAPO, GRPO, AlgorithmConfig
from core.settings.fields import ConfigError
from core.settings.run import RunConfig
from core.settings.scenario import Scenario
from core.settings.techniques import DAPO_TECHNIQUES, TECHNIQUES, techniques_of

SCENARIO = "ladder"


@dataclass(frozen=True)
class Order:
    """A sequence of rungs: `techniques` added one after the other, or each of them removed alone."""

    title: str
    short: str
    techniques: tuple[str, ...]
    adds: bool = True


ORDERS = {
    "ours": Order("Added, in our order", "Our order", DAPO_TECHNIQUES),
    "paper": Order(
        "Added, in the paper's order",
        "Paper's order",
        ("Overlong filtering", "Clip-Higher", "Overlong shaping", "Token-level loss", "Dynamic sampling"),
    ),
    "leave-one-out": Order("Removed from DAPO", "Leave one out", DAPO_TECHNIQUES, adds=False),
}


@dataclass(frozen=True)
class Rung:
    """One algorithm of the ladder. The same algorithm has the same `label` in every order, so that it is trained once."""

    label: str  # of its run
    name: str  # at its place in this order
    algorithm: AlgorithmConfig
    technique: str | None = None  # what was added or removed; None at the first rung
    before: str | None = None  # label of the rung that it is compared with


def rungs(order: str, scenario: Scenario) -> tuple[Rung, ...]:
    """The ladder of `scenario` from its first rung on. ConfigError for an unknown order."""
    chosen = find_order(order)
    base, full = ends_of(scenario)
    first = base if chosen.adds else full
    out = [Rung(label_of(first, scenario), "GRPO" if chosen.adds else "DAPO", first)]
    for name in chosen.techniques:
        technique = TECHNIQUES[name]
        if chosen.adds:
            algorithm, before, sign = technique.added_to(out[-1].algorithm, full), out[-1].label, "+"
        else:
            algorithm, before, sign = technique.taken_from(full, base), out[0].label, "−"
        out.append(Rung(label_of(algorithm, scenario), f"{sign} {name}", algorithm, name, before))
    return tuple(out)


def find_order(name: str) -> Order:
    if name not in ORDERS:
        raise ConfigError(f"order must be one of {', '.join(ORDERS)}, got {name!r}; choose one of these")
    return ORDERS[name]


def ladder_runs(
    scenario: Scenario,
    orders: Iterable[str] = tuple(ORDERS),
    *,
    updates: int | None = None,
    samples: int | None = None,
    replicas: int | None = None,
    first_seed: int | None = None,
) -> dict[str, RunConfig]:
    """Label -> run for every algorithm of these orders, each once, all with the scenario's task and settings. ConfigError if a value is
    out of range."""
    algorithms = {rung.label: rung.algorithm for order in orders for rung in rungs(order, scenario)}
    changed = replace(scenario, algorithms=algorithms, longer={})
    return changed.runs(updates=updates, samples=samples, replicas=replicas, first_seed=first_seed)


def ends_of(scenario: Scenario) -> tuple[AlgorithmConfig, AlgorithmConfig]:
    """The algorithm without any technique and the one with all: the scenario's, if it has them."""
    own = scenario.algorithms.values()
    base = next((algorithm for algorithm in own if not techniques_of(algorithm)), GRPO)
    model = next((algorithm for algorithm in own if set(techniques_of(algorithm)) == set(DAPO_TECHNIQUES)), DAPO)
    full = base
    for name in DAPO_TECHNIQUES:
        full = TECHNIQUES[name].added_to(full, model)
    return base, full


def label_of(algorithm: AlgorithmConfig, scenario: Scenario) -> str:
    """The scenario's label of this algorithm; otherwise GRPO plus the techniques it has or DAPO minus those it lacks, whichever is
    shorter."""
    known = next((label for label, own in scenario.algorithms.items() if own == algorithm), None)
    if known is not None:
        return known
    on = techniques_of(algorithm)
    label = " + ".join(["GRPO", *(TECHNIQUES[name].label for name in on)])
    if set(on) <= set(DAPO_TECHNIQUES):
        lacks = [TECHNIQUES[name].label for name in DAPO_TECHNIQUES if name not in on]
        label = min(label, " - ".join(["DAPO", *lacks]), key=len)
    return f"{label} (ladder)" if label in scenario.algorithms else label  # the scenario uses the label for another algorithm
