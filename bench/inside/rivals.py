"""Run by the interpreter of an environment with rldoctor 0.2.0 and rlwatch 0.5.1: reads a JSON list of logs from stdin, each {"path", "rows"},
prints {program: {path: [detectors that fired, those that are at least a warning]}} as its last line.

rldoctor reads the file itself. rlwatch is attached and has no reader: it gets the rows by its own names, as its callbacks would hand them over.
"""

import json
import logging
import math
import sys
import tempfile

logging.disable(logging.CRITICAL)


def doctor(path: str) -> list[list[str]]:
    from rl_doctor import Severity, diagnose, load_run

    try:
        findings = diagnose(load_run(path)).problems
    except Exception:
        return [["unreadable"], []]
    return [[f.detector for f in findings], [f.detector for f in findings if f.severity >= Severity.WARNING]]


def watch(rows: list[dict]) -> list[list[str]]:
    from rlwatch.config import RLWatchConfig
    from rlwatch.detectors import DetectorSuite

    suite, fired = DetectorSuite(RLWatchConfig()), []
    for row in rows:
        values = {k: (math.nan if v is None else v) for k, v in row.items()}
        fired += [alert.detector for alert in suite.check_step(**values)]
    return [sorted(set(fired)), sorted(set(fired))]


def main() -> None:
    logs = json.load(sys.stdin)
    with tempfile.TemporaryDirectory():
        found = {
            "rldoctor": {log["path"]: doctor(log["path"]) for log in logs},
            "rlwatch": {log["path"]: watch(log["rows"]) for log in logs},
        }
    print()
    print(json.dumps(found))


main()
