"""`python -m core diagnose PATH…`: what a run suffers from, how sure that is, and what to try; `--watch` goes on while the run is written."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from core.commands import EXIT_BAD_INPUT
from core.commands.notify import OPTIONAL, Send, sender, why
from core.diagnosis import CONDITION, FAULT, NOTE, Finding, diagnose, evidence_of_log, told
from core.logs import HOME, LogRun, PatientWatcher, read_paths
from core.settings.fields import ConfigError

NAME = "diagnose"
HELP = "tell what a run of TRL, verl, OpenRLHF or another trainer suffers from, by its log"
SECONDS = 5.0  # between two looks at a file that is being written


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="files or folders")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of sentences")
    parser.add_argument(
        "--watch", action="store_true", help="look again every few seconds and tell each finding once; Ctrl-C ends it"
    )
    parser.add_argument(
        "--notify", action="append", default=[], metavar="TARGET",
        help="with --watch: also tell each fault and condition once to a command (it reads the text), an http(s) address (it gets the JSON) or "
        f"a service that apprise knows (see {OPTIONAL}); may be given several times",
    )  # fmt: skip


def run(options: argparse.Namespace, command: str) -> int:
    """Exit code 0 if at least one run was read, 2 with one line on stderr if none was."""
    if options.watch:
        return watch(options)
    if options.notify:
        raise ConfigError("--notify must go with --watch; add --watch, or read the findings here")
    reading = read_paths(options.paths, HOME)
    if not reading.runs:
        reasons = " ".join(str(sentence) for sentence in reading.notes)
        print(f"error: no run was read. {reasons}", file=sys.stderr)
        return EXIT_BAD_INPUT
    if options.json:
        print(json.dumps({"runs": [run_values(found, diagnosed(found)) for found in reading.runs]}, indent=1, allow_nan=False))
        return 0
    for found in reading.runs:
        print(described(found, diagnosed(found)))
    for sentence in reading.notes:
        print("-", sentence)
    return 0


def watch(options: argparse.Namespace, pause: Callable[[float], object] = time.sleep, looks: int | None = None) -> int:
    """Tell every finding of every run once, in the terminal and to whoever is to be notified; `looks` ends it (None: Ctrl-C does). A path on a
    disk that does not answer holds up no other."""
    send = [sender(target) for target in options.notify]
    watchers = [PatientWatcher(path, HOME) for path in options.paths]
    seen: set[tuple] = set()
    look = 0
    while looks is None or look < looks:
        for path, watcher in zip(options.paths, watchers, strict=True):
            changes = watcher.poll()
            for note in changes.notes:
                print("-", note, file=sys.stderr, flush=True)
            for name, runs in changes.logs.items():
                for found in runs:
                    _tell(found, (path, name, found.name), seen, options.json, send)
        look += 1
        if looks is None or look < looks:
            pause(SECONDS)
    return 0 if any(watcher.reading.runs for watcher in watchers) else EXIT_BAD_INPUT


def _tell(found: LogRun, place: tuple, seen: set[tuple], as_json: bool, send: list[Send]) -> None:
    """What is new of a run. A finding that goes and comes again is not told again."""
    new = tuple(f for f in diagnosed(found) if (*place, f.kind, f.variant) not in seen)
    known = {entry[:-1] for entry in seen}
    urgent = tuple(f for f in new if f.severity in (FAULT, CONDITION) and (*place, f.kind) not in known)
    seen |= {(*place, f.kind, f.variant) for f in new}
    if new:
        print(json.dumps(run_values(found, new), allow_nan=False) if as_json else described(found, new), flush=True)
    for finding in urgent:
        text = told(finding, found.framework.name)
        for one in send:
            try:
                one(
                    f"{found.name}: {text.title}",
                    " ".join(part for part in (text.seen, text.cost) if part),
                    run_values(found, (finding,)),
                )
            except (OSError, ValueError, subprocess.SubprocessError) as error:
                print(f"- a notice was not delivered: {why(error)}", file=sys.stderr, flush=True)


def diagnosed(found: LogRun) -> tuple[Finding, ...]:
    return diagnose(evidence_of_log(found))


def described(found: LogRun, findings: tuple[Finding, ...]) -> str:
    """The run and its findings as text."""
    where = f"steps {found.steps[0]} to {found.steps[-1]}" if len(found.steps) else "no training rows"
    lines = [f"{found.name}: {found.framework.name}, {found.format}, {len(found.steps)} rows, {where}"]
    for finding in findings:
        text = told(finding, found.framework.name)
        lines += [
            "",
            f"  {text.title.upper() if finding.severity != NOTE else text.title} ({finding.severity}, {finding.confidence})",
        ]
        lines += [f"    {sentence}" for sentence in (text.seen, text.cost, *text.unsure, text.causes) if sentence]
        for remedy in text.remedies:
            own = "; ".join(f"{who}: {what}" for who, what in remedy.settings)
            lines.append(f"    → {remedy.text}" + (f" {own}" if own else ""))
        lines.append(f"    Learn: {text.learn}" + (f"; the same in the Lab: ?{text.lab}" if text.lab else ""))
    return "\n".join(lines)


def run_values(found: LogRun, findings: tuple[Finding, ...]) -> dict:
    """A run as JSON."""
    columns = {metric: found.column_of(metric) for metric in found.metrics}
    return {
        "name": found.name,
        "framework": found.framework.name,
        "format": found.format,
        "steps": len(np.unique(found.steps)),
        "columns": {metric: column for metric, column in columns.items() if column is not None},
        "unknown_columns": [column for column in found.columns if column not in found.taken],
        "problems": [str(note) for note in found.notes],
        "findings": [finding_values(finding, found.framework.name) for finding in findings],
    }


def finding_values(finding: Finding, framework: str) -> dict:
    text = told(finding, framework)
    return {
        "kind": finding.kind,
        "severity": finding.severity,
        "since_step": finding.since_step,
        "value": finding.value if finding.value is not None and np.isfinite(finding.value) else None,
        "confidence": finding.confidence,
        "text": " ".join(part for part in (text.seen, text.cost) if part),
        "why_not_surer": list(text.unsure),
        "causes": text.causes,
        "try": [{"text": remedy.text, "settings": dict(remedy.settings)} for remedy in text.remedies],
        "marks": [{"metric": m.metric, "column": m.column, "from": m.start, "to": m.end} for m in finding.marks],
        "cost": None if finding.cost is None else {"share": finding.cost.share, "seconds": finding.cost.seconds},
        "learn": text.learn,
        "lab": text.lab or None,
    }
