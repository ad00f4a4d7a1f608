"""The ladder in numbers, as CSV, as plain values and as Markdown: the same in files and on the page."""

from __future__ import annotations

from collections.abc import Sequence

from core.analysis.csv_files import csv_text
from core.analysis.result import Status
from core.analysis.shape import is_skewed
from core.analysis.stats import Estimate, interquartile_mean
from core.analysis.tables import about_intervals, bracketed, number
from core.ladder.published import PUBLISHED, Published
from core.ladder.report import across, agreement_table, sentences, told_step
from core.ladder.rungs import find_order
from core.ladder.table import COUNTS, LadderTable, Measure, Row


def table_rows(table: LadderTable) -> list[dict]:
    """One flat row per rung, as ladder.csv has it; what was not measured is None."""
    return [_flat(table, row) for row in table.rows]


def _flat(table: LadderTable, row: Row) -> dict:
    out: dict = {"order": table.order, "rung": row.rung.name, "algorithm": row.rung.label, "technique": row.rung.technique,
                 "status": row.status, "updates": row.updates}  # fmt: skip
    for count in COUNTS:
        measure = row.per[count]
        out |= spread(f"score_equal_{count}", measure and measure.score)
        out |= spread(f"technique_brings_equal_{count}", measure and measure.brings)
        out[f"score_equal_{count}_iqm"] = None if measure is None else interquartile_mean(measure.by_seed)
    out |= spread("entropy_nats", row.entropy) | {"entropy_final_over_initial": row.entropy_change}
    return out | spread("grad_norm", row.gradient) | {"samples_generated": row.samples} | spread("collapsed_share", row.collapsed)


def spread(name: str, value: Estimate | None) -> dict:
    low, high = value.ci95 if value is not None and value.ci95 else (None, None)
    return {name: None if value is None else value.mean, f"{name}_low": low, f"{name}_high": high}


def table_csv(tables: Sequence[LadderTable]) -> str:
    """Every rung of every order; an unmeasured cell is empty."""
    import pandas as pd  # takes 0.2 s, see core.analysis.history

    rows = [row for table in tables for row in table_rows(table)]
    return csv_text(pd.DataFrame(rows)) if rows else ""


def table_dict(tables: Sequence[LadderTable]) -> dict:
    """The content of ladder.json, but for NaN: see `core.analysis.summary.clean`."""
    first = tables[0]
    return {
        "score": first.score_name,
        "seeds": list(first.seeds),
        "length": first.length,
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
        "gradient norm", "samples per seed", "seeds collapsed [95 %]",
    ]  # fmt: skip
    lines = ["| " + " | ".join(head) + " |", "| --- " * len(head) + "|"]
    for row in table.rows:
        cut = "" if row.status is Status.DONE else f" ({row.status} after {row.updates} updates)"
        updates = row.per["updates"]
        cells = [
            row.rung.name + cut,
            _score_cell(updates),
            *(_step_cell(row, count) for count in COUNTS),
            f"{number(row.entropy.mean)} ({row.entropy_change:.2f})",
            number(row.gradient.mean),
            f"{row.samples:,.0f}",
            told(row.collapsed),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def seeds_markdown(table: LadderTable, count: str) -> str:
    """Every seed's score at every rung: a line per rung."""
    lines = ["| " + " | ".join(["seed", *map(str, table.seeds)]) + " |", "| --- " * (len(table.seeds) + 1) + "|"]
    for row in table.rows:
        measure = row.per[count]
        cells = ["not measured"] * len(table.seeds) if measure is None else [f"{score:.2f}" for score in measure.by_seed]
        lines.append("| " + " | ".join([row.rung.name, *cells]) + " |")
    return "\n".join(lines) + "\n"


def _score_cell(measure: Measure | None) -> str:
    """'0.5 [0.4, 0.6]', and the interquartile mean where the seeds are skewed or fall into two groups."""
    if measure is None or not is_skewed(measure.by_seed):
        return told(measure and measure.score)
    return f"{told(measure.score)}, IQM {number(interquartile_mean(measure.by_seed))}"


def _step_cell(row: Row, count: str) -> str:
    if row.rung.technique is None:
        return "–"
    measure = row.per[count]
    return "not measured" if measure is None or measure.brings is None else told_step(measure.brings)


def told(value: Estimate | None) -> str:
    if value is None:
        return "not measured"
    return f"{number(value.mean)} {bracketed(list(value.ci95) if value.ci95 else None)}".rstrip()


def ladder_markdown(title: str, tables: Sequence[LadderTable]) -> str:
    """ladder.md: per order the table and the sentences, then the sources."""
    seeds = tables[0].seeds
    parts = [
        f"# {title}",
        f"{tables[0].length} per rung, {len(seeds)} seed{'s' if len(seeds) > 1 else ''} ({seeds[0]} to {seeds[-1]}). "
        f"{about_intervals(len(seeds))} Differences are paired by seed. Equal samples: as many as the rung that generated fewest. IQM: "
        "the interquartile mean, where seeds are skewed or fall into two groups.",
    ]
    for table in tables:
        parts += [f"## {find_order(table.order).title}", table_markdown(table)]
        for count in COUNTS:
            parts += [agreement_table(table, count), "\n".join(f"- {sentence}" for sentence in sentences(table, count))]
    if company := [sentence for count in COUNTS for sentence in across(tables, count)]:
        parts += ["## From order to order", "\n".join(f"- {sentence}" for sentence in company)]
    for table in tables:
        parts += [f"## {find_order(table.order).title}: every seed, at equal updates", seeds_markdown(table, "updates")]
    parts.append("## Published")
    parts.append("\n".join(f"- {_cited(published)}" for published in PUBLISHED))
    return "\n\n".join(parts) + "\n"


def _cited(published: Published) -> str:
    there = ", ".join(f"{name} {percent:g}" for name, _, percent in published.rungs)
    return f"{published.name[0].upper()}{published.name[1:]} ({published.what}): {there}. Source: [{published.source}]({published.link})."
