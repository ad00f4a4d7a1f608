"""The tables of README.md and docs/findings.md, made from what docs/measured.json holds."""

from __future__ import annotations

from collections.abc import Iterable

from core.analysis.tables import bracketed, number
from core.settings.scenario import Criterion
from core.settings.scenarios import SCENARIOS

LONGER = 5
MINIMUM_SEEDS = 16  # that a claim rests on
VARIANTS = {
    "seeds from 0": {"first_seed": 0},
    "seeds from 100": {"first_seed": 100},
    "seeds from 200": {"first_seed": 200},
    "five times longer": {"first_seed": 0, "times": LONGER},
}
EQUAL_SAMPLES = {  # for a scenario that has a budget of samples too
    f"equal samples, {variant}": how | {"per_sample": True} for variant, how in VARIANTS.items()
}


def command(name: str) -> str:
    """What repeats the column "seeds from 0"."""
    seeds = f" --seeds {MINIMUM_SEEDS}" if SCENARIOS[name].run.replicas < MINIMUM_SEEDS else ""
    return f"python -m core compare --scenario {name}{seeds} --out out/{name}"


def last_gradient(events: dict) -> str:
    """When the gradient vanished, in a cell: an update, "never", or "never had one" with the groups that are the reason."""
    if why := events.get("never_had_gradient"):
        return f"never had one ({why})"
    return str(events["gradient_vanished_update"] or "never")


def criterion_text(criterion: Criterion) -> str:
    """'GRPO grad_norm final ÷ initial ≤ 0.2'."""
    words = [
        str(w) for w in criterion.where if w not in ("algorithms", "differences", "ratios", "seeds", "count", "final", "mean")
    ]
    text = " ".join(words).replace("final_over_initial", "final ÷ initial").replace("ci95 0", "lower end of the interval")
    text = text.replace("ci95 1", "upper end of the interval").replace("gradient_share", "updates with a gradient")
    bounds = []
    if criterion.at_least is not None:
        bounds.append(f"≥ {criterion.at_least:g}")
    if criterion.at_most is not None:
        bounds.append(f"≤ {criterion.at_most:g}")
    return f"{text} {' and '.join(bounds)}"


def readme_table(measured: dict) -> str:
    """One line per scenario and algorithm, seeds from 0."""
    head = "| scenario | algorithm | held-out accuracy, final [95 %] | seeds collapsed | entropy final ÷ initial "
    head += "| updates with a gradient | filter ratio | samples per seed | processor seconds |\n"
    head += "| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
    rows = []
    for name in SCENARIOS:
        for label, m in measured["scenarios"].get(name, {}).get("seeds from 0", {}).get("algorithms", {}).items():
            score = m["eval_accuracy"]
            rows.append(
                f"| `{name}` | {label} | {number(score['final'])} {bracketed(score['final_ci95'])} | {_count(m, 'collapsed')} | "
                f"{number(m['entropy_nats']['final_over_initial'])} | {_share(m)} | "
                f"{number(m['filter_ratio']['final'])} | {m['samples_generated']:,.0f} | {m['processor_seconds']:.0f} |\n"
            )
    return head + "".join(rows)


def findings_tables(measured: dict) -> str:
    """Per scenario: the criteria on both sets of seeds, then what five times the updates do."""
    parts = []
    for name, scenario in SCENARIOS.items():
        kept = measured["scenarios"].get(name)
        if kept:
            parts.append(f"### `{name}`: {scenario.title}\n\n`{command(name)}`\n\n{_criteria(kept)}{_longer(kept)}")
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
    out = "| algorithm | updates | held-out accuracy | seeds collapsed | seeds solved | entropy low, still learning | entropy ÷ initial "
    out += "| updates with a gradient | tokens | entropy low at | gradient vanished at |\n"
    out += "| --- " * 11 + "|\n"
    for variant in kept:
        for label, m in kept[variant]["algorithms"].items():
            score = m["eval_accuracy"]
            out += (
                f"| {label}, {variant} ({_seeds(kept[variant])}) | {m['updates']} | {number(score['final'])} {bracketed(score['final_ci95'])} | "
                f"{_count(m, 'collapsed')} | {_count(m, 'solved')} | {_count(m, 'still_learning')} | "
                f"{number(m['entropy_nats']['final_over_initial'])} | {_share(m)} | "
                f"{number(m['completion_tokens_mean']['final'])} | {m['events']['entropy_low_update'] or 'never'} | "
                f"{last_gradient(m['events'])} |\n"
            )
    out += "\n| difference in held-out accuracy | " + " | ".join(kept) + " |\n" + "| --- " * (len(kept) + 1) + "|\n"
    for pair in kept["seeds from 0"]["differences"]:
        for key, words in (("eval_accuracy", "equal updates"), ("eval_accuracy_equal_samples", "equal samples")):
            cells = [found["differences"][pair][key] for found in kept.values()]
            out += f"| {pair}, {words} | " + " | ".join(f"{number(c['mean'])} {bracketed(c['ci95'])}" for c in cells) + " |\n"
    return out


def _seeds(variant: dict) -> str:
    return f"{variant['seeds'][0]}–{variant['seeds'][1]}"


def _count(algorithm: dict, state: str) -> str:
    """'14 of 16'; a dash in a record of before seeds were counted."""
    return f"{algorithm['seeds'][state]['count']} of {algorithm['seeds']['of']}" if state in algorithm.get("seeds", {}) else "–"


def _share(algorithm: dict) -> str:
    return f"{algorithm['gradient_share']['mean']:.1%}" if "gradient_share" in algorithm else "–"
