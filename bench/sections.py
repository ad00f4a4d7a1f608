"""The sections of docs/findings.md on the shipped ladders, the shipped factorials and the measured rescues. None trains anything."""

from __future__ import annotations

import json
from pathlib import Path

from core.analysis.tables import bracketed, number
from core.data.factorial import shipped_results
from core.data.ladder import SHIPPED_LADDER
from core.ladder.factorial import factorial_table
from core.ladder.factorial.numbers import effects_markdown
from core.ladder.factorial.sentences import claim
from core.ladder.factorial.studies import STUDIES
from core.ladder.numbers import table_markdown
from core.ladder.report import sentences
from core.ladder.rungs import ORDERS, SCENARIO
from core.ladder.table import COUNTS, ladder_table
from core.settings.scenarios import find_scenario

RESCUES = Path(__file__).resolve().parent.parent / "docs" / "rescues.json"


def ladders_section() -> str:
    """Every order of the techniques, from the data that the Ablation ladder page ships."""
    results = SHIPPED_LADDER.results
    scenario = find_scenario(SCENARIO)
    parts = []
    for name, order in ORDERS.items():
        table = ladder_table(name, scenario, results)
        told = [sentence for count in COUNTS for sentence in sentences(table, count)[:1]]
        parts.append(f"### {order.title}\n\n{table_markdown(table)}\n" + "\n".join(f"- {sentence}" for sentence in told) + "\n")
    return "\n".join(parts)


def factorials_section() -> str:
    """Main effects, pair interactions and the sentence on Clip-Higher and dynamic sampling, from the data that the page ships."""
    parts = []
    for name, study in STUDIES.items():
        table = factorial_table(study.scenario, shipped_results(name))
        seeds = f"seeds {table.seeds[0]} to {table.seeds[-1]}, {table.length} per cell"
        told = "\n".join(f"- {claim(table, count)}" for count in COUNTS)
        parts.append(f"### {study.title}\n\n{study.about} `{study.command}`; {seeds}.\n\n{effects_markdown(table)}\n{told}\n")
    return "\n".join(parts)


def rescues_section(path: Path = RESCUES) -> str:
    """Every rescue of every run, on both sets of seeds."""
    parts = []
    for scenario, patient in json.loads(path.read_text(encoding="utf-8"))["patients"].items():
        sets = patient["final"]
        head = ["medicine"]
        for name in sets:
            head += [f"held-out accuracy, {name}", f"gained over left alone, {name}"]
        head += ["entropy", "gradient norm", "samples per seed"]
        lines = ["| " + " | ".join(head) + " |", "| --- " * len(head) + "|"]
        first = next(iter(sets.values()))
        for medicine, final in first.items():
            cells = [medicine]
            for found in sets.values():
                gained = found[medicine]["gained"]
                cells += [number(found[medicine]["eval_accuracy"]), f"{number(gained['mean'])} {bracketed(gained['ci95'])}"]
            cells += [number(final["entropy_nats"]), number(final["grad_norm"]), f"{final['samples']:,.0f}"]
            lines.append("| " + " | ".join(cells) + " |")
        parts.append(
            f"### `{scenario}`: left after update {patient['at']} of {patient['updates']}\n\n" + "\n".join(lines) + "\n\n"
            "Entropy, gradient norm and samples are those of the first set of seeds.\n"
        )
    return "\n".join(parts)
