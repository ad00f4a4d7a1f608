"""docs/diagnosis.md from what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bench.diagnosis_fresh_runs import fresh_runs
from bench.diagnosis_runs import FRESH, SEEDS, TUNED
from bench.diagnosis_score import Judged, confusion, false_alarms, scores, table
from bench.diagnosis_truth import KINDS
from bench.diagnosis_tuned_runs import tuned_runs

ALL = (*KINDS, "healthy")
WANTED = 0.9

TEXTS = Path(__file__).parent


def report(results: Mapping[str, Mapping[str, list[Judged]]]) -> str:
    """`results`: family (TUNED, FRESH) -> program -> logs."""
    held = results[FRESH]
    ours, tuned = held["ours"], results[TUNED]["ours"]
    lines = [
        (TEXTS / "diagnosis_introduction.md")
        .read_text(encoding="utf-8")
        .format(
            logs=sum(len(family["ours"]) for family in results.values()), runs=len(tuned_runs()) + len(fresh_runs()), seeds=SEEDS,
            tune=TUNED, report=FRESH,
        ),
        f"## Reported: the {FRESH} runs\n",
        *table({"ours": scores(ours)}, ALL),
        "",
        _verdict(ours),
        "",
        _alarms({"ours": ours}),
        "\n### Confusion\n\nWhat is true of a log, and what it was told to have and does not have, in how many logs.\n",
        *_confusion(ours),
        "\n### What was missed or wrongly told, by how the log was disturbed\n",
        *_by_disturbance(ours),
        f"\n## Where thresholds were set: the {TUNED} runs\n",
        *table({"ours": scores(tuned)}, ALL),
        "",
        _alarms({"ours": tuned}),
    ]  # fmt: skip
    if len(held) > 1:
        lines += [
            "",
            (TEXTS / "diagnosis_rivals.md").read_text(encoding="utf-8"),
            *table(_known(held), ALL),
            "",
            _alarms(held),
            "",
            _unread(held),
            "",
            _ahead(held),
        ]
    return "\n".join(lines) + "\n"


def _by_disturbance(logs: list[Judged]) -> list[str]:
    """Right and wrong answers of all kinds together, by framework, thinning, noise and part of the run."""
    lines = ["| logs | truths told | truths missed | wrongly told |", "| --- | --- | --- | --- |"]
    for name in sorted({view for log in logs for view in log.views}):
        found = scores([log for log in logs if name in log.views]).values()
        lines.append(f"| {name} | {sum(s.hit for s in found)} | {sum(s.missed for s in found)} | {sum(s.false for s in found)} |")
    return lines


def _known(held: Mapping[str, list[Judged]]) -> dict[str, dict]:
    """Scores of every program on the kinds that it has a detector for."""
    from bench.diagnosis import KNOWN

    known = {program: {kind for kinds in detectors.values() for kind in kinds} for program, detectors in KNOWN.items()}
    return {name: scores(logs, ALL if name == "ours" else [k for k in ALL if k in known[name]]) for name, logs in held.items()}


def _verdict(logs: list[Judged]) -> str:
    found = scores(logs)
    good = [k for k, s in found.items() if min(s.precision or 0, s.recall or 0) >= WANTED]
    short = [k for k in ALL if k not in good]
    named = ", ".join(f"`{k}`" for k in short) or "none"
    return f"Precision and recall are both at least {WANTED} for {len(good)} of {len(ALL)} kinds; not for: {named}."


def _unread(held: Mapping[str, list[Judged]]) -> str:
    counts = {name: sum("unreadable" in log.told for log in logs) for name, logs in held.items() if name != "ours"}
    said = "; ".join(f"{name}: {count} of {len(held[name])}" for name, count in counts.items())
    return f"Logs that a program could not read, in which it tells nothing: {said}."


def _alarms(programs: Mapping[str, list[Judged]]) -> str:
    said = (f"{name}: {false_alarms(logs)[0]} of {false_alarms(logs)[1]}" for name, logs in programs.items())
    return f"Healthy logs in which anything is called a fault or a condition: {'; '.join(said)}."


def _ahead(held: Mapping[str, list[Judged]]) -> str:
    """On which of a program's kinds ours has the higher F1."""
    found, lines = _known(held), []
    for name in (n for n in found if n != "ours"):
        behind = [k for k, s in found[name].items() if _f1(found["ours"][k]) < _f1(s)]
        level = [k for k, s in found[name].items() if _f1(found["ours"][k]) == _f1(s)]
        lines.append(
            f"F1 against {name}: ours is behind on {', '.join(behind) or 'no kind'} and level on {', '.join(level) or 'none'}, of the "
            f"{len(found[name])} kinds that it knows."
        )
    return "\n".join(lines)


def _f1(score) -> float:
    p, r = score.precision or 0.0, score.recall or 0.0
    return 2 * p * r / (p + r) if p + r else 0.0


def _confusion(logs: list[Judged]) -> list[str]:
    lines = ["| true | told beside it, wrongly |", "| --- | --- |"]
    for kind, wrong in sorted(confusion(logs).items()):
        lines.append(f"| `{kind}` | {', '.join(f'`{k}` {n}' for k, n in sorted(wrong.items(), key=lambda item: -item[1]))} |")
    return lines
