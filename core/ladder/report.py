"""The ladder in sentences: what each step brings, and where that agrees with what was published. Everything is computed."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from core.analysis.stats import Estimate
from core.analysis.verdict import LEVEL, Verdict, verdict
from core.ladder.published import PUBLISHED, Published
from core.ladder.rungs import find_order
from core.ladder.table import LadderTable

CONDITION = {"updates": "at equal updates", "samples": "at equal samples generated"}
VERDICTS = {
    Verdict.UP: "helps",
    Verdict.DOWN: "costs",
    Verdict.LEVEL: "no difference to speak of",
    Verdict.UNCLEAR: "cannot be told from chance",
    Verdict.TOO_FEW: "too few seeds to tell",
}
STEPS_OF = {  # verdict -> the sentence about one technique, and about several
    Verdict.DOWN: ("{names} makes the result worse.", "{names} make the result worse."),
    Verdict.UNCLEAR: ("The step of {names} cannot be told from chance.", "The steps of {names} cannot be told from chance."),
    Verdict.LEVEL: ("{names} makes no difference to speak of.", "{names} make no difference to speak of."),
    Verdict.TOO_FEW: ("{names} was trained with too few seeds to tell.", "{names} were trained with too few seeds to tell."),
}


def steps(table: LadderTable, count: str) -> dict[str, Estimate]:
    """Technique -> what it brings, for the steps that were measured."""
    measured = ((row.rung.technique, row.per[count]) for row in table.rows)
    return {name: measure.brings for name, measure in measured if name and measure is not None and measure.brings is not None}


def sentences(table: LadderTable, count: str) -> list[str]:
    """What the ladder shows and what of it agrees with each published ladder, as Markdown."""
    found = steps(table, count)
    if not found:
        return ["No step can be told yet: it takes two neighbouring rungs that have been trained."]
    out = [_whole(table, count, found)]
    out += [text for published in PUBLISHED if (text := _beside(table, found, published))]
    out.append(_caveat(table, count))
    return out


def across(tables: Sequence[LadderTable], count: str) -> list[str]:
    """The techniques that help in one order and not in another: what a step brings depends on what is there already."""
    found = [(find_order(table.order).title, steps(table, count)) for table in tables]
    out = []
    for name in dict.fromkeys(name for _, there in found for name in there):
        seen = [(title, there[name]) for title, there in found if name in there]
        if len({verdict(step) is Verdict.UP for _, step in seen}) > 1:
            parts = (f"{title[0].lower()}{title[1:]} {told_step(step)}, {VERDICTS[verdict(step)]}" for title, step in seen)
            out.append(f"**{name}** depends on the techniques that are there already, {CONDITION[count]}: {'; '.join(parts)}.")
    return out


def comparable(table: LadderTable, published: Published) -> list[str]:
    """The techniques whose published step can be held against ours. Taking one away compares with the step that was added last."""
    if find_order(table.order).adds:
        return list(published.gains)
    return [published.last]


class Agreement(StrEnum):
    """Of our step with the sign of a published one."""

    AGREES = "agrees"
    DIFFERS = "**does not agree**"  # it has the other sign, or makes no difference to speak of
    UNKNOWN = "cannot be told"  # from chance, or with so few seeds


def agreement(step: Estimate, gain: float) -> Agreement:
    found = verdict(step)
    if found in (Verdict.UNCLEAR, Verdict.TOO_FEW):
        return Agreement.UNKNOWN
    return Agreement.AGREES if found is (Verdict.UP if gain > 0 else Verdict.DOWN) else Agreement.DIFFERS


def _whole(table: LadderTable, count: str, found: dict[str, Estimate]) -> str:
    """How far the ladder reaches, the largest step, and which steps cost, or cannot be told from chance."""
    budget = f" ({table.budget:,.0f} per seed)" if count == "samples" and table.budget is not None else ""
    total = table.total[count]
    where = f"**{CONDITION[count].capitalize()}**{budget}"
    told = [f"{where}, the steps are differences in {table.score_name}."]
    if total is not None:
        told = [f"{where}, {table.score_name} changes by {told_step(total)} from the first rung to the last."]
    best = max(found, key=lambda name: found[name].mean)
    if verdict(found[best]) is Verdict.UP:
        told.append(f"{best} brings the most, {told_step(found[best])}.")
    for kind, (one, several) in STEPS_OF.items():
        if names := [name for name, step in found.items() if verdict(step) is kind]:
            told.append((one if len(names) == 1 else several).format(names=listed(names)))
    return " ".join(told)


_ALONE = {Agreement.AGREES: "agrees", Agreement.DIFFERS: "does not agree", Agreement.UNKNOWN: "cannot be told"}
_REST = {
    Agreement.DIFFERS: ("does not", "do not"),
    Agreement.UNKNOWN: ("cannot be told", "cannot be told"),
}  # of one step, and of several


def _beside(table: LadderTable, found: dict[str, Estimate], published: Published) -> str:
    """How many signs agree, and whether the largest step is the same."""
    shared = [name for name in comparable(table, published) if name in found]
    if not shared:
        return ""
    kinds = {kind: [n for n in shared if agreement(found[n], published.gains[n]) is kind] for kind in Agreement}
    text = f"**Beside {published.name}**, {len(kinds[Agreement.AGREES])} of {len(shared)} steps agree in sign."
    if len(shared) == 1:
        (kind,) = (kind for kind, names in kinds.items() if names)
        return f"**Beside {published.name}**, the sign of the step of {shared[0]} {_ALONE[kind]}."
    for kind, (one, several) in _REST.items():
        if names := kinds[kind]:
            text += f" {'That' if len(names) == 1 else 'Those'} of {listed(names)} {one if len(names) == 1 else several}."
    if len(shared) < 2 or not any(verdict(found[name]) is Verdict.UP for name in shared):
        return text
    ours, theirs = max(shared, key=lambda name: found[name].mean), max(shared, key=lambda name: published.gains[name])
    if ours == theirs:
        return f"{text} The largest is the same: {ours}."
    return f"{text} The largest is another one: {ours} here, {theirs} there."


def listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def agreement_table(table: LadderTable, count: str) -> str:
    """Each step beside the published ones, with its share of the gain that both have in common, as Markdown; '' without steps."""
    found = steps(table, count)
    if not found:
        return ""
    head = ["technique", f"here, {CONDITION[count]}", *(f"{published.name}, points" for published in PUBLISHED)]
    lines = ["| " + " | ".join(head) + " |", "| --- " * len(head) + "|"]
    for name, step in found.items():
        cells = [_published_cell(name, table, found, published) for published in PUBLISHED]
        lines.append("| " + " | ".join((name, f"{told_step(step)}: {VERDICTS[verdict(step)]}", *cells)) + " |")
    return "\n".join(lines) + "\n"


def _published_cell(name: str, table: LadderTable, found: dict[str, Estimate], published: Published) -> str:
    """'+8: agrees (65 % of the gain here, 57 % there)'."""
    shared = [other for other in comparable(table, published) if other in found]
    if name not in shared:
        return "not published"
    gain = published.gains[name]
    text = f"{gain:+g}: {agreement(found[name], gain)}"
    here, there = sum(found[other].mean for other in shared), sum(published.gains[other] for other in shared)
    if len(shared) < 2 or here < LEVEL or not any(verdict(found[other]) is Verdict.UP for other in shared):
        return text
    return f"{text} ({_percent(found[name].mean / here)} of the gain here, {_percent(gain / there)} there)"


def _percent(share: float) -> str:
    return f"{round(share * 100):d} %"


def _caveat(table: LadderTable, count: str) -> str:
    order = find_order(table.order)
    told = ["The published numbers are single runs of a large model, without intervals: compare signs and shape, not sizes."]
    if not order.adds:
        told.append("Of the techniques taken away alone, only the one that was added last has a published number.")
    elif any(published.order != table.order for published in PUBLISHED):
        told.append("They add the techniques in another order than this one.")
    if count == "samples":
        told.append("They count training steps, not samples.")
    return " ".join(told)


def told_step(value: Estimate) -> str:
    """'+0.162 [0.110, 0.210]'; no interval where there is none."""
    return signed(value.mean) + (f" [{_plain(value.ci95[0])}, {_plain(value.ci95[1])}]" if value.ci95 else "")


def signed(value: float) -> str:
    """Three decimals with the sign; none at zero."""
    return f"{value:+.3f}" if abs(value) >= LEVEL else "0.000"


def _plain(value: float) -> str:
    return f"{value:.3f}" if abs(value) >= LEVEL else "0.000"
