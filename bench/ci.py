"""What `.ci/run` takes: a whole run in a new virtual environment, its steps, folders and 40 slowest tests. Writes bench/ci.md.

python -m bench.ci                  what a change must pass
python -m bench.ci -m ""            the thorough tests too (written to bench/ci-thorough.md)
python -m bench.ci --no-venv        with the environment that is there: the tests alone; prints, and writes nothing
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
SLOWEST = 40
STEP = re.compile(
    r"^== (?P<name>[\w ]+): (?P<wall>[\d.]+) s, (?P<user>[\d.]+) s user, (?P<system>[\d.]+) s system$", re.MULTILINE
)


@dataclass(frozen=True)
class Test:
    """One test of a run: `seconds` from the start of its fixtures to the end of their teardown."""

    name: str
    folder: str
    seconds: float


def tests_of(report: Path) -> list[Test]:
    """The tests that ran, from pytest's JUnit file, slowest first."""
    found = []
    for case in ElementTree.parse(report).iter("testcase"):
        parts = case.get("classname", "").split(".")
        file = "/".join(parts) + ".py"
        folder = "/".join(parts[:2]) if len(parts) > 2 else parts[0]
        found.append(Test(f"{file}::{case.get('name')}", folder, float(case.get("time", 0))))
    return sorted(found, key=lambda test: -test.seconds)


def steps_of(output: str) -> list[tuple[str, float, float]]:
    """(name, wall seconds, processor seconds) of each step that tests/run.sh has told of."""
    found = STEP.finditer(output)
    return [(step["name"], float(step["wall"]), float(step["user"]) + float(step["system"])) for step in found]


def written(command: str, wall: float, cpu: float, load: float, steps: list, tests: list[Test], verdict: str) -> str:
    """The page in Markdown."""
    folders: dict[str, list[float]] = defaultdict(list)
    for test in tests:
        folders[test.folder].append(test.seconds)
    lines = [
        "# A whole run of the checks",
        "",
        f"    python -m bench.ci            # runs `{command}`, writes this page",
        "",
        f"{verdict} It took {wall:.0f} s, and {cpu:.0f} s of processor time, without that of the browser's pages, on {os.cpu_count()} "
        f"cores; the load average was {load:.1f} before it began. Wall time depends on what else the machine does, processor time hardly.",
        "",
        "| step | seconds | processor seconds |",
        "| --- | --: | --: |",
        *(f"| {name} | {seconds:.0f} | {busy:.0f} |" for name, seconds, busy in steps),
        "",
        "| tests in | how many | seconds, summed over all workers |",
        "| --- | --: | --: |",
        *(f"| {folder} | {len(times)} | {sum(times):.0f} |" for folder, times in sorted(folders.items())),
        "",
        f"The {SLOWEST} slowest, fixtures included:",
        "",
        "| seconds | test |",
        "| --: | --- |",
        *(f"| {test.seconds:.1f} | `{test.name}` |" for test in tests[:SLOWEST]),
        "",
    ]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    alone = "--no-venv" in arguments
    options = [argument for argument in arguments if argument != "--no-venv"]
    script = "tests/run.sh" if alone else ".ci/run"
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "junit.xml"
        load, began = os.getloadavg()[0], time.monotonic()
        command = ["bash", script, *options, f"--junit-xml={report}"]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        wall, used = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        print(done.stdout)
        if not report.exists():
            return done.returncode or 1
        verdict = "Everything passed." if done.returncode == 0 else "It failed."
        shown = " ".join(["bash", script, *(option or '""' for option in options)])
        page = written(shown, wall, used.ru_utime + used.ru_stime, load, steps_of(done.stdout), tests_of(report), verdict)
    if alone:
        print(page)
    else:
        (ROOT / "bench" / ("ci-thorough.md" if options else "ci.md")).write_text(page, encoding="utf-8")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
