"""Measure every scenario on seeds 0…, 100… and 200…, and five times longer; write docs/measured.json and the tables made from it.

A scenario that has a budget of samples too is measured with that as well.

python -m bench.scenarios                 all scenarios (about a quarter of an hour on two cores)
python -m bench.scenarios collapse lab    some of them; the others keep their figures
python -m bench.scenarios addition --variant "seeds from 0"    one set of seeds, or another of VARIANTS and EQUAL_SAMPLES; may be repeated
python -m bench.scenarios --tables        only judge the criteria and rewrite the tables of README.md and docs/findings.md anew

Every variant has 16 seeds at least. Several calls may run at once, each for scenarios of its own.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import torch

from bench.claims import claims_section
from bench.marked import replace_section
from bench.scenario_tables import EQUAL_SAMPLES, MINIMUM_SEEDS, VARIANTS, criterion_text, findings_tables, readme_table
from bench.sections import factorials_section, ladders_section, rescues_section
from core.analysis.export import versions
from core.analysis.metrics import metric_table
from core.analysis.result import Status
from core.analysis.summary import summarise
from core.analysis.tables import TABLE_METRICS
from core.runs.foreground import run_one
from core.settings.scenario import Scenario
from core.settings.scenarios import SCENARIOS

ROOT = Path(__file__).resolve().parent.parent
MEASURED = ROOT / "docs" / "measured.json"
KEPT = (  # of the numbers of a side: what tables show, and what bars and findings look at besides
    *TABLE_METRICS,
    "events",
    "seeds",
    "gradient_share",
    "accuracy",
    "completion_tokens_mean",
    "truncated_fraction",
    "clip_fraction_high",
    "generation_rounds",
)
KEPT_DIFFERENCES = ("eval_accuracy", "entropy_nats", "truncated_fraction", "probability_of_improvement")


def variants(scenario: Scenario) -> dict[str, dict]:
    """Name -> how a scenario is measured."""
    return VARIANTS | (EQUAL_SAMPLES if scenario.samples else {})


def measure(scenario: Scenario, *, first_seed: int, times: int = 1, per_sample: bool = False) -> dict:
    """Run a scenario and keep what the tables need."""
    budget = {"samples": scenario.samples * times} if per_sample else {"updates": scenario.run.updates * times}
    runs = scenario.runs(first_seed=first_seed, replicas=max(MINIMUM_SEEDS, scenario.run.replicas), **budget)
    results, seconds = {}, {}
    for label, config in runs.items():
        begin = time.process_time()
        results[label] = run_one(config)
        seconds[label] = time.process_time() - begin
    if broken := {label: r.error for label, r in results.items() if r.status is not Status.DONE}:
        raise RuntimeError(f"{scenario.name}: {broken}")
    summary = summarise(scenario.name, results)
    algorithms = {
        label: {name: value for name, value in numbers.items() if name in KEPT or not isinstance(value, dict)}
        | {"processor_seconds": round(seconds[label], 2)}
        for label, numbers in summary["algorithms"].items()
    }
    return {
        "seeds": [summary["seeds"][0], summary["seeds"][-1]],
        "algorithms": algorithms,
        "differences": {
            pair: {key: value for key, value in numbers.items() if key.startswith(KEPT_DIFFERENCES)}
            for pair, numbers in summary["differences"].items()
        },
        "ratios": summary["ratios"],
    }


def judge(measured: dict) -> None:
    """Enter into every variant which criteria hold in it. They are promises about the scenario as it is shipped; a longer run is told,
    not promised."""
    for name, kept in measured["scenarios"].items():
        for variant, found in kept.items():
            criteria = SCENARIOS[name].samples_criteria if variant in EQUAL_SAMPLES else SCENARIOS[name].criteria
            promised = "times" not in (VARIANTS | EQUAL_SAMPLES)[variant]
            found["criteria"] = [
                {"criterion": criterion_text(c), "value": c.value(found), "holds": c.holds(found)} for c in criteria if promised
            ]


def write_tables(measured: dict) -> None:
    for path, name, content in (
        (ROOT / "README.md", "metrics", metric_table()),
        (ROOT / "README.md", "measured", readme_table(measured)),
        (ROOT / "docs" / "findings.md", "claims", claims_section(measured)),
        (ROOT / "docs" / "findings.md", "measured", findings_tables(measured)),
        (ROOT / "docs" / "findings.md", "ladders", ladders_section()),
        (ROOT / "docs" / "findings.md", "factorials", factorials_section()),
        (ROOT / "docs" / "findings.md", "rescues", rescues_section()),
    ):
        path.write_text(replace_section(path.read_text(encoding="utf-8"), name, content), encoding="utf-8")


def read() -> dict:
    """What was measured of the scenarios that there are."""
    kept = json.loads(MEASURED.read_text(encoding="utf-8")) if MEASURED.exists() else {}
    return kept | {"scenarios": {n: s for n, s in kept.get("scenarios", {}).items() if n in SCENARIOS}}


def write(measured: dict) -> None:
    MEASURED.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")


def keep(name: str, variant: str, found: dict) -> None:
    """Enter it into the file as it now is, so that several calls can run at once."""
    measured = read() | {"versions": versions()}
    kept = measured["scenarios"].setdefault(name, {}) | {variant: found}
    measured["scenarios"][name] = {v: kept[v] for v in variants(SCENARIOS[name]) if v in kept}
    judge(measured)
    write(measured)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[*SCENARIOS, []], help="scenarios (default: all)")
    parser.add_argument("--variant", action="append", help="only this one")
    parser.add_argument("--tables", action="store_true", help="only rewrite the tables")
    options = parser.parse_args()
    if not options.tables:
        torch.set_num_threads(1)
        for name in options.names or SCENARIOS:
            for variant, how in variants(SCENARIOS[name]).items():
                if not options.variant or variant in options.variant:
                    keep(name, variant, measure(SCENARIOS[name], **how))
                    print(f"{name}, {variant}: measured", flush=True)
    measured = read()
    judge(measured)
    write(measured)
    for name, kept in measured["scenarios"].items():
        for variant, found in kept.items():
            for missed in (c for c in found["criteria"] if not c["holds"]):
                print(f"{name}, {variant}: {missed['criterion']} is missed: {missed['value']}")
    write_tables(measured)
    return 0


if __name__ == "__main__":
    sys.exit(main())
