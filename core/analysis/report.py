"""report.md: a comparison's findings, numbers, seeds and settings, and how they are to be read."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

from core.analysis.detectors import (
    ENTROPY_COLLAPSE_FRACTION,
    EVENT_UPDATES,
    GRADIENT_FLOOR,
    LEARNING_SHARE,
    SOLVED_FRACTION,
    VANISHED_SHARE,
)
from core.analysis.findings import findings
from core.analysis.markdown import literal
from core.analysis.result import RunResult
from core.analysis.stats import FINAL_FRACTION, INITIAL_UPDATES
from core.analysis.tables import about_intervals, about_numbers, numbers_table, seeds_table
from core.settings.diff import difference
from core.settings.from_scenario import changes_from, changes_text
from core.settings.scenarios import SCENARIOS

SEEDS = {"replicas", "first_seed"}


def report_markdown(title: str, look_for: str, afterwards: str, summary: dict, results: dict[str, RunResult]) -> str:
    """The whole report as Markdown."""
    seeds, summary = summary["seeds"], quoted(summary, literal)
    parts = [
        f"# {title}",
        look_for,
        *_from_scenario(summary["scenario"], results),
        f"Measured on {len(seeds)} seed{'s' if len(seeds) > 1 else ''} ({seeds[0]} to {seeds[-1]}). {about_intervals(len(seeds))}",
        "## Findings",
        "\n".join(f"- {sentence}" for sentence in findings(summary)),
        "## Numbers",
        numbers_table(summary),
        about_numbers(summary),
        "## Every seed",
        seeds_table(summary),
        "## What differs between the algorithms",
        _settings(results),
        "## How to read this",
        f"*Initial* is the mean of the first {INITIAL_UPDATES} updates, *final* the mean over the last {FINAL_FRACTION:.0%}. "
        f"A seed has solved the training prompts when {SOLVED_FRACTION:.0%} of its completions are right, and {SOLVED_FRACTION:.0%} of its "
        f"groups without signal all right. Its entropy is low when it is below {ENTROPY_COLLAPSE_FRACTION:.0%} of the initial one. A seed of "
        "low entropy that has not solved the prompts still learns when at least "
        f"{LEARNING_SHARE:.0%} of its last updates have a gradient and the share of right completions rises over the second half of its "
        "updates (95 % interval of the slope); otherwise it has collapsed. "
        f"The mean entropy is looked at over {EVENT_UPDATES} "
        f"updates; the gradient has vanished when, of so many updates of all seeds, fewer than {VANISHED_SHARE:.0%} have a gradient norm of at "
        f"least {GRADIENT_FLOOR:g}. Differences are paired by seed. Cost counts the tokens that were trained on, and those generated at the "
        "price of the setting `generation_price`.",
    ]
    if afterwards:
        parts += ["## What comes after, with the scenario's own settings", afterwards]
    return "\n\n".join(parts) + "\n"


def quoted(summary: dict, quote: Callable[[str], str]) -> dict:
    """`summary` with every text that a person, a link or a failure brought in as `quote` writes it: labels and errors. Markup in such texts
    then has no effect in the sentences and the table below."""
    status = {quote(k): s | {"error": s["error"] and quote(s["error"])} for k, s in summary["status"].items()}
    forks = {quote(k): fork | {"of": quote(fork["of"])} for k, fork in summary.get("forks", {}).items()}
    out = summary | {"status": status, "algorithms": {quote(k): v for k, v in summary["algorithms"].items()}}
    for name, sign in (("differences", "-"), ("ratios", "/")):
        known = {(a, b): summary[name].get(f"{a} {sign} {b}") for a, b in permutations(summary["algorithms"], 2)}
        out[name] = {f"{quote(a)} {sign} {quote(b)}": v for (a, b), v in known.items() if v is not None}
    if "changed" in summary:
        out["changed"] = {quote(k): changes for k, changes in summary["changed"].items()}
    return out | ({"forks": forks} if forks else {})


def _from_scenario(scenario: str, results: dict[str, RunResult]) -> list[str]:
    """That title and text are about other settings than these, and which; [] where all but the seeds are the scenario's."""
    if scenario not in SCENARIOS:
        return []
    changed = [label for label, result in results.items() if set(changes_from(scenario, label, result.config)[0]) - SEEDS]
    told = [f"{literal(label)}: {changes_text(scenario, label, results[label].config)}" for label in changed]
    return [f"This text is about the scenario's own settings. Other settings here: {'; '.join(told)}."] if told else []


def _settings(results: dict[str, RunResult]) -> str:
    """Each later algorithm's fields that differ from the first one's."""
    labels = list(results)
    base = results[labels[0]].config
    lines = []
    for label in labels[1:]:
        config = results[label].config
        budgets = ({"updates": run.updates, "samples": run.samples} for run in (base, config))
        changes = difference(base.algorithm, config.algorithm) | difference(*budgets)
        text = ", ".join(f"`{name}` = {value}" for name, (_, value) in changes.items()) or "nothing"
        lines.append(f"- {literal(label)} against {literal(labels[0])}: {text}")
    return "\n".join(lines) or "- one algorithm only"
