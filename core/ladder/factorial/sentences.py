"""The factorial in sentences: what each technique brings by itself, which pairs interact, and whether Clip-Higher and dynamic sampling work
together, as the lab's text says. Everything is computed."""

from __future__ import annotations

from itertools import combinations

from core.analysis.verdict import Verdict, verdict
from core.ladder.factorial.table import FactorialTable
from core.ladder.report import CONDITION, VERDICTS, listed, told_step
from core.settings.techniques import DAPO_TECHNIQUES

CLAIM = ("Clip-Higher", "Dynamic sampling")  # the lab's text: "the two techniques work together"
CLAIMED = {
    Verdict.UP: "holds here: together they bring more than one by one",
    Verdict.DOWN: "is contradicted here: together they bring less than one by one",
    Verdict.LEVEL: "does not hold here: what one brings does not depend on the other",
    Verdict.UNCLEAR: "is not shown here: the interaction cannot be told from chance",
    Verdict.TOO_FEW: "cannot be judged here: too few seeds",
}
PAIRS = {
    Verdict.UP: "Together they bring more than one by one",
    Verdict.DOWN: "Together they bring less than one by one",
}
INCOMPLETE = "There are no effects: they take all 16 cells, and these have not measured anything: {names}."


def sentences(table: FactorialTable, count: str) -> list[str]:
    """The claim, the main effects, each pair that interacts, and what can be expected by chance; Markdown."""
    found = table.effects(count)
    if not found:
        return [INCOMPLETE.format(names=", ".join(cell.label for cell in table.missing))]
    return [claim(table, count), _main(table, count), *_pairs(table, count), _chance(len(found_pairs(table, count)))]


def claim(table: FactorialTable, count: str) -> str:
    """Whether "the two techniques work together" holds: the interaction of Clip-Higher and dynamic sampling, and what each brings with and
    without the other."""
    step = table.effects(count)[CLAIM].value
    first, second = CLAIM
    return (
        f"**“{first} and dynamic sampling work together”** {CLAIMED[verdict(step)]}, {where(table, count)}. Their interaction is "
        f"{told_step(step)}. {_simple(table, count, first, second)} {_simple(table, count, second, first)}"
    )


def where(table: FactorialTable, count: str) -> str:
    """'at equal samples generated (230,000 per seed)', 'at equal updates (480)'."""
    each = " per seed" if count == "samples" else ""
    return f"{CONDITION[count]} ({table.at[count]:,.0f}{each})"


def found_pairs(table: FactorialTable, count: str) -> dict[tuple[str, str], Verdict]:
    found = table.effects(count)
    return {pair: verdict(found[pair].value) for pair in combinations(DAPO_TECHNIQUES, 2)}


def _main(table: FactorialTable, count: str) -> str:
    """'Averaged over the other three, Dynamic sampling brings +0.3 [..] (helps), …'."""
    found = table.effects(count)
    parts = []
    for name in DAPO_TECHNIQUES:
        value = found[name,].value
        parts.append(f"{name} {told_step(value)} ({VERDICTS[verdict(value)]})")
    return (
        f"**Main effects** on {table.score_name}, {where(table, count)}, each as the mean over all combinations of the other three: "
        f"{listed(parts)}."
    )


def _pairs(table: FactorialTable, count: str) -> list[str]:
    """A sentence for each pair that interacts for certain, but for that of the claim, and one that names the others."""
    found, judged = table.effects(count), found_pairs(table, count)
    out = []
    for pair, kind in judged.items():
        if kind in PAIRS and pair != CLAIM:
            first, second = pair
            out.append(
                f"**{first} and {second}**: {PAIRS[kind][0].lower()}{PAIRS[kind][1:]}, interaction {told_step(found[pair].value)}. "
                f"{_simple(table, count, first, second)} {_simple(table, count, second, first)}"
            )
    quiet = [f"{first} × {second}" for (first, second), kind in judged.items() if kind not in PAIRS and (first, second) != CLAIM]
    if quiet:
        out.append(f"**No interaction to speak of, or none that can be told from chance:** {listed(quiet)}.")
    return out


def _simple(table: FactorialTable, count: str, technique: str, given: str) -> str:
    off, on = table.simple_effects(count, technique, given)
    return f"{technique} brings {told_step(on)} where {given} is on, and {told_step(off)} where it is off."


def _chance(pairs: int) -> str:
    effects = pairs + len(DAPO_TECHNIQUES)
    return (
        f"Each of the {effects} intervals holds in 95 % of cases, so that one in twenty excludes 0 by chance alone: an effect whose interval "
        "comes close to 0 needs other seeds before it counts."
    )
