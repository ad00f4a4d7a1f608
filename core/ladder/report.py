"""The ladder in sentences and tables: what each step brings, and where that agrees with what was published. Everything is computed."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from core.ladder.published import PUBLISHED, Published
from core.ladder.rungs import find_order
from core.ladder.table import COUNTS, LadderTable, Row
from core.report import LEVEL, interval, number
from core.stats import Estimate

CONDITION = {"updates": "at equal updates", "samples": "at equal samples generated"}
VERDICTS = {"up": "helps", "down": "costs", "level": "no difference to speak of", "unclear": "cannot be told from chance"}
NEGLIGIBLE = 0.005  # a step whose whole interval is closer to 0 than this is none to speak of: half a point


def verdict(step: Estimate) -> str:
    """up, down, level (`NEGLIGIBLE`) or unclear: the interval includes 0, to three decimals, or a single seed gives none."""
    if step.ci95 is None:
        return "unclear"
    low, high = step.ci95
    if low > -NEGLIGIBLE and high < NEGLIGIBLE:
        return "level"
    if low < LEVEL and high > -LEVEL:
        return "unclear"
    return "up" if low > 0 else "down"


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
        if len({verdict(step) == "up" for _, step in seen}) > 1:
            parts = (f"{title[0].lower()}{title[1:]} {told_step(step)}, {VERDICTS[verdict(step)]}" for title, step in seen)
            out.append(f"**{name}** depends on its company, {CONDITION[count]}: {'; '.join(parts)}.")
    return out


def comparable(table: LadderTable, published: Published) -> list[str]:
    """The techniques whose published step can be held against ours. Taking one away compares with the step that was added last."""
    if find_order(table.order).adds:
        return list(published.gains)
    return [published.last]


def agreement(step: Estimate, gain: float) -> bool:
    """Whether our step has the published one's sign, for certain."""
    return verdict(step) == ("up" if gain > 0 else "down")


def _whole(table: LadderTable, count: str, found: dict[str, Estimate]) -> str:
    """How far the ladder reaches, the largest step, and which steps cost, or cannot be told from chance."""
    budget = f" ({table.budget:,.0f} per seed)" if count == "samples" and table.budget is not None else ""
    total = table.total[count]
    parts = [f"**{CONDITION[count].capitalize()}**{budget}, in {table.score_name}"]
    if total is not None:
        parts.append(f"from the first rung to the last {told_step(total)}")
    best = max(found, key=lambda name: found[name].mean)
    if verdict(found[best]) == "up":
        parts.append(f"most by {best}, {told_step(found[best])}")
    for kind, words in (("down", VERDICTS["down"]), ("unclear", VERDICTS["unclear"]), ("level", VERDICTS["level"])):
        if names := [name for name, step in found.items() if verdict(step) == kind]:
            parts.append(f"{words}: {_listed(names)}")
    return "; ".join(parts) + "."


def _beside(table: LadderTable, found: dict[str, Estimate], published: Published) -> str:
    """How many signs agree, and whether the largest step is the same."""
    shared = [name for name in comparable(table, published) if name in found]
    if not shared:
        return ""
    differ = [name for name in shared if not agreement(found[name], published.gains[name])]
    what = f"{len(shared) - len(differ)} of {len(shared)} {'steps agree' if len(shared) > 1 else 'step agrees'} in sign"
    text = f"**Beside {published.name}**, {what}{f'; not {_listed(differ)}' if differ else ''}."
    if len(shared) < 2 or not any(verdict(found[name]) == "up" for name in shared):
        return text
    ours, theirs = max(shared, key=lambda name: found[name].mean), max(shared, key=lambda name: published.gains[name])
    if ours == theirs:
        return f"{text} The largest is the same: {ours}."
    return f"{text} The largest is another one: {ours} here, {theirs} there."


def _listed(names: list[str]) -> str:
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
    text = f"{gain:+g}: {'agrees' if agreement(found[name], gain) else '**does not agree**'}"
    here, there = sum(found[other].mean for other in shared), sum(published.gains[other] for other in shared)
    if len(shared) < 2 or here < LEVEL or not any(verdict(found[other]) == "up" for other in shared):
        return text
    return f"{text} ({_percent(found[name].mean / here)} of the gain here, {_percent(gain / there)} there)"


def _percent(share: float) -> str:
    return f"{round(share * 100):d} %"


def _caveat(table: LadderTable, count: str) -> str:
    order = find_order(table.order)
    parts = ["The published numbers are single runs of a large model, without intervals: compare signs and shape, not sizes"]
    if not order.adds:
        parts.append("for what taking a technique away costs, only the one that was added last is published")
    elif any(published.order != table.order for published in PUBLISHED):
        parts.append("they add the techniques in another order than this one")
    if count == "samples":
        parts.append("they count training steps, not samples")
    return "; ".join(parts) + "."


def told_step(value: Estimate) -> str:
    """'+0.162 [0.110, 0.210]'; no interval where there is none."""
    return signed(value.mean) + (f" [{_plain(value.ci95[0])}, {_plain(value.ci95[1])}]" if value.ci95 else "")


def signed(value: float) -> str:
    """Three decimals with the sign; none at zero."""
    return f"{value:+.3f}" if abs(value) >= LEVEL else "0.000"


def _plain(value: float) -> str:
    return f"{value:.3f}" if abs(value) >= LEVEL else "0.000"


def table_rows(table: LadderTable) -> list[dict]:
    """One flat row per rung, as ladder.csv has it; what was not measured is None."""
    return [_flat(table, row) for row in table.rows]


def _flat(table: LadderTable, row: Row) -> dict:
    out: dict = {"order": table.order, "rung": row.rung.name, "algorithm": row.rung.label, "technique": row.rung.technique,
                 "status": row.status, "updates": row.updates}  # fmt: skip
    for count in COUNTS:
        measure = row.per[count]
        out |= _spread(f"score_equal_{count}", measure and measure.score)
        out |= _spread(f"technique_brings_equal_{count}", measure and measure.brings)
    out |= _spread("entropy_nats", row.entropy) | {"entropy_final_over_initial": row.entropy_change}
    return out | _spread("grad_norm", row.gradient) | {"samples_generated": row.samples}


def _spread(name: str, value: Estimate | None) -> dict:
    low, high = value.ci95 if value is not None and value.ci95 else (None, None)
    return {name: None if value is None else value.mean, f"{name}_low": low, f"{name}_high": high}


def table_csv(tables: Sequence[LadderTable]) -> str:
    """Every rung of every order; an unmeasured cell is empty."""
    rows = [row for table in tables for row in table_rows(table)]
    out = io.StringIO()
    if rows:
        writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(
            {k: f"{v:.8g}" if isinstance(v, float) and v == v else "" if v != v else v for k, v in row.items()} for row in rows
        )
    return out.getvalue()


def table_dict(tables: Sequence[LadderTable]) -> dict:
    """The content of ladder.json, but for NaN: see `core.summary.clean`."""
    first = tables[0]
    return {
        "score": first.score_name,
        "seeds": list(first.seeds),
        "updates": first.updates,
        "orders": {
            table.order: {
                "samples_compared": table.budget,
                "total": {count: value and value.as_dict() for count, value in table.total.items()},
                "rungs": table_rows(table),
                "missing": [rung.name for rung in table.missing],
                "findings": {count: sentences(table, count) for count in COUNTS},
            }
            for table in tables
        },
        "across_orders": {count: across(tables, count) for count in COUNTS},
        "published": [
            {"name": p.name, "what": p.what, "source": p.source, "link": p.link, "rungs": [list(rung) for rung in p.rungs]}
            for p in PUBLISHED
        ],
    }  # fmt: skip


def table_markdown(table: LadderTable) -> str:
    """The paired differences and what goes with them, a line per rung."""
    against = "what it adds to the rung before" if find_order(table.order).adds else "what DAPO loses without it"
    head = [
        "rung", f"{table.score_name} [95 %]", f"{against}, at equal updates", f"{against}, at equal samples", "entropy (÷ initial)",
        "gradient norm", "samples per seed",
    ]  # fmt: skip
    lines = ["| " + " | ".join(head) + " |", "| --- " * len(head) + "|"]
    for row in table.rows:
        cut = "" if row.status == "done" else f" ({row.status} after {row.updates} updates)"
        updates = row.per["updates"]
        cells = [
            row.rung.name + cut,
            _told(updates and updates.score),
            *(_step_cell(row, count) for count in COUNTS),
            f"{number(row.entropy.mean)} ({row.entropy_change:.2f})",
            number(row.gradient.mean),
            f"{row.samples:,.0f}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _step_cell(row: Row, count: str) -> str:
    if row.rung.technique is None:
        return "–"
    measure = row.per[count]
    return "not measured" if measure is None or measure.brings is None else told_step(measure.brings)


def _told(value: Estimate | None) -> str:
    if value is None:
        return "not measured"
    return f"{number(value.mean)} {interval(list(value.ci95) if value.ci95 else None)}".rstrip()


def ladder_markdown(title: str, tables: Sequence[LadderTable]) -> str:
    """ladder.md: per order the table and the sentences, then the sources."""
    seeds = tables[0].seeds
    parts = [
        f"# {title}",
        f"{tables[0].updates} updates per rung, {len(seeds)} seed{'s' if len(seeds) > 1 else ''} ({seeds[0]} to {seeds[-1]}); 95 % bootstrap "
        "intervals over seeds in brackets; differences are paired by seed. Equal samples: as many as the thriftiest rung generated.",
    ]
    for table in tables:
        parts += [f"## {find_order(table.order).title}", table_markdown(table)]
        for count in COUNTS:
            parts += [agreement_table(table, count), "\n".join(f"- {sentence}" for sentence in sentences(table, count))]
    if company := [sentence for count in COUNTS for sentence in across(tables, count)]:
        parts += ["## From order to order", "\n".join(f"- {sentence}" for sentence in company)]
    parts.append("## Published")
    parts.append("\n".join(f"- {_cited(published)}" for published in PUBLISHED))
    return "\n\n".join(parts) + "\n"


def _cited(published: Published) -> str:
    there = ", ".join(f"{name} {percent:g}" for name, _, percent in published.rungs)
    return f"{published.name[0].upper()}{published.name[1:]} ({published.what}): {there}. Source: [{published.source}]({published.link})."
