"""Measure every scenario on seeds 0…, 100… and 200…, and five times longer; write docs/measured.json and the tables made from it.

A scenario that has a budget of samples too is measured with that as well.

python -m bench.scenarios                 all scenarios (about a quarter of an hour on two cores)
python -m bench.scenarios collapse lab    some of them; the others keep their figures
python -m bench.scenarios --tables        only rewrite the tables of README.md and docs/findings.md from docs/measured.json
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path

import torch

from bench.marked import replace_section
from bench.sections import factorials_section, ladders_section, rescues_section
from core.analysis.export import versions
from core.analysis.metrics import metric_table
from core.analysis.result import Status
from core.analysis.summary import summarise
from core.analysis.tables import bracketed, number
from core.runs.foreground import run_all
from core.settings.scenario import Criterion, Scenario
from core.settings.scenarios import SCENARIOS

ROOT = Path(__file__).resolve().parent.parent
MEASURED = ROOT / "docs" / "measured.json"
LONGER = 5
VARIANTS = {
    "seeds from 0": {"first_seed": 0},
    "seeds from 100": {"first_seed": 100},
    "seeds from 200": {"first_seed": 200},
    "five times longer": {"first_seed": 0, "times": LONGER},
}
EQUAL_SAMPLES = {  # for a scenario that has a budget of samples too
    f"equal samples, {variant}": how | {"per_sample": True} for variant, how in VARIANTS.items() if "times" not in how
}
KEPT = (
    "events",
    "seeds",
    "gradient_share",
    "eval_accuracy",
    "accuracy",
    "entropy_nats",
    "grad_norm",
    "reward_mean",
    "filter_ratio",
    "all_wrong_fraction",
    "all_right_fraction",
    "completion_tokens_mean",
    "truncated_fraction",
    "clip_fraction_high",
    "generation_rounds",
)


def variants(scenario: Scenario) -> dict[str, dict]:
    """Name -> how a scenario is measured."""
    return VARIANTS | (EQUAL_SAMPLES if scenario.samples else {})


def measure(scenario: Scenario, *, first_seed: int, times: int = 1, per_sample: bool = False) -> dict:
    """Run a scenario and keep what the tables need."""
    budget = {"samples": scenario.samples} if per_sample else {"updates": scenario.run.updates * times}
    runs = scenario.runs(first_seed=first_seed, **budget)
    results = run_all(runs)
    broken = {label: r.error for label, r in results.items() if r.status is not Status.DONE}
    if broken:
        raise RuntimeError(f"{scenario.name}: {broken}")
    summary = summarise(scenario.name, results)
    algorithms = {
        label: {name: value for name, value in numbers.items() if name in KEPT or not isinstance(value, dict)}
        for label, numbers in summary["algorithms"].items()
    }
    return {
        "seeds": [summary["seeds"][0], summary["seeds"][-1]],
        "algorithms": algorithms,
        "differences": {
            pair: {key: value for key, value in numbers.items() if key.startswith(("eval_accuracy", "entropy_nats"))}
            for pair, numbers in summary["differences"].items()
        },
        "ratios": summary["ratios"],
        # The criteria are promises about the scenario as it is shipped; a longer run is told, not promised.
        "criteria": [
            {"criterion": criterion_text(b), "value": b.value(summary), "holds": b.holds(summary)}
            for b in (scenario.samples_criteria if per_sample else scenario.criteria)
            if times == 1
        ],
    }


def criterion_text(criterion: Criterion) -> str:
    """'GRPO grad_norm final ÷ initial ≤ 0.2'."""
    words = [str(w) for w in criterion.where if w not in ("algorithms", "differences", "ratios", "final", "mean")]
    text = " ".join(words).replace("final_over_initial", "final ÷ initial").replace("ci95 0", "lower end of the interval")
    text = text.replace("ci95 1", "upper end of the interval")
    bounds = []
    if criterion.at_least is not None:
        bounds.append(f"≥ {criterion.at_least:g}")
    if criterion.at_most is not None:
        bounds.append(f"≤ {criterion.at_most:g}")
    return f"{text} {' and '.join(bounds)}"


def readme_table(measured: dict) -> str:
    """One line per scenario and algorithm, seeds from 0."""
    head = "| scenario | algorithm | held-out accuracy, final [95 %] | entropy final ÷ initial | gradient norm final ÷ initial "
    head += "| filter ratio | samples per seed | seconds |\n"
    head += "| --- | --- | --- | --- | --- | --- | --- | --- |\n"
    rows = []
    for name in SCENARIOS:
        for label, m in measured["scenarios"].get(name, {}).get("seeds from 0", {}).get("algorithms", {}).items():
            score = m["eval_accuracy"]
            rows.append(
                f"| `{name}` | {label} | {number(score['final'])} {bracketed(score['final_ci95'])} | "
                f"{number(m['entropy_nats']['final_over_initial'])} | {number(m['grad_norm']['final_over_initial'])} | "
                f"{number(m['filter_ratio']['final'])} | {m['samples_generated']:,.0f} | {m['seconds']:.0f} |\n"
            )
    return head + "".join(rows)


def findings_tables(measured: dict) -> str:
    """Per scenario: the criteria on both sets of seeds, then what five times the updates do."""
    parts = []
    for name, scenario in SCENARIOS.items():
        kept = measured["scenarios"].get(name)
        if kept:
            parts.append(
                f"### `{name}`: {scenario.title}\n\n`python -m core compare --scenario {name} --out out/{name}`\n\n"
                f"{_criteria(kept)}{_longer(kept)}"
            )
    return "\n".join(parts)


def _criteria(kept: dict) -> str:
    return _criteria_of(kept, VARIANTS, "criterion") + _criteria_of(kept, EQUAL_SAMPLES, "criterion, with a budget of samples")


def _criteria_of(kept: dict, names: Iterable[str], title: str) -> str:
    """One row per criterion, one column per set of seeds that was measured."""
    sets = [kept[name] for name in names if name in kept and kept[name]["criteria"]]
    if not sets:
        return ""
    out = f"| {title} | " + " | ".join(f"seeds {_seeds(found)}" for found in sets) + " |\n" + "| --- " * (len(sets) + 1) + "|\n"
    for row in zip(*(found["criteria"] for found in sets), strict=True):
        cells = [f"{number(b['value'])} {'✓' if b['holds'] else '✗ missed'}" for b in row]
        out += f"| {row[0]['criterion']} | {' | '.join(cells)} |\n"
    return out + "\n"


def _longer(kept: dict) -> str:
    out = "| algorithm | updates | held-out accuracy | entropy ÷ initial | gradient norm ÷ initial | tokens "
    out += "| entropy collapsed at | gradient vanished at |\n"
    out += "| --- | --- | --- | --- | --- | --- | --- | --- |\n"
    for variant in kept:
        for label, m in kept[variant]["algorithms"].items():
            score = m["eval_accuracy"]
            out += (
                f"| {label}, {variant} | {m['updates']} | {number(score['final'])} {bracketed(score['final_ci95'])} | "
                f"{number(m['entropy_nats']['final_over_initial'])} | {number(m['grad_norm']['final_over_initial'])} | "
                f"{number(m['completion_tokens_mean']['final'])} | {m['events']['entropy_collapse_update'] or 'never'} | "
                f"{m['events']['gradient_vanished_update'] or 'never'} |\n"
            )
    out += "\n| difference in held-out accuracy | " + " | ".join(kept) + " |\n" + "| --- " * (len(kept) + 1) + "|\n"
    for pair in kept["seeds from 0"]["differences"]:
        for key, words in (("eval_accuracy", "equal updates"), ("eval_accuracy_equal_samples", "equal samples")):
            cells = [found["differences"][pair][key] for found in kept.values()]
            out += f"| {pair}, {words} | " + " | ".join(f"{number(c['mean'])} {bracketed(c['ci95'])}" for c in cells) + " |\n"
    return out


def _seeds(variant: dict) -> str:
    return f"{variant['seeds'][0]}–{variant['seeds'][1]}"


def write_tables(measured: dict) -> None:
    for path, name, content in (
        (ROOT / "README.md", "metrics", metric_table()),
        (ROOT / "README.md", "measured", readme_table(measured)),
        (ROOT / "docs" / "findings.md", "measured", findings_tables(measured)),
        (ROOT / "docs" / "findings.md", "ladders", ladders_section()),
        (ROOT / "docs" / "findings.md", "factorials", factorials_section()),
        (ROOT / "docs" / "findings.md", "rescues", rescues_section()),
    ):
        path.write_text(replace_section(path.read_text(encoding="utf-8"), name, content), encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[*SCENARIOS, []], help="scenarios (default: all)")
    parser.add_argument("--tables", action="store_true", help="only rewrite the tables")
    options = parser.parse_args()
    measured = json.loads(MEASURED.read_text()) if MEASURED.exists() else {"scenarios": {}}
    if not options.tables:
        torch.set_num_threads(1)
        measured["versions"] = versions()
        for name in options.names or SCENARIOS:
            measured["scenarios"][name] = {}
            for variant, how in variants(SCENARIOS[name]).items():
                found = measured["scenarios"][name][variant] = measure(SCENARIOS[name], **how)
                missed = [b for b in found["criteria"] if not b["holds"]]
                print(
                    f"{name}, {variant}: {len(found['criteria']) - len(missed)} of {len(found['criteria'])} criteria hold",
                    missed or "",
                    flush=True,
                )
            MEASURED.write_text(json.dumps(measured, indent=1) + "\n")
    write_tables(measured)
    return 0


if __name__ == "__main__":
    sys.exit(main())
