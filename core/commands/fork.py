"""`python -m core fork --scenario NAME --run LABEL --after UPDATE … --out DIR`: continue from a run's state with other settings."""

from __future__ import annotations

import argparse
from dataclasses import replace

from core.commands.running import add_run_options, resolve, train_and_report, whole_number
from core.engine.forks import make_fork
from core.settings.describe import settings_of
from core.settings.fields import ConfigError
from core.settings.labels import check_label
from core.settings.overrides import apply_overrides
from core.settings.run import RunConfig
from core.settings.scenarios import find_scenario
from core.settings.start import BUDGETS
from core.settings.techniques import TECHNIQUES, with_techniques

NAME = "fork"
HELP = "go on from a run's state with other settings, beside the original, and write the same files as compare"


def add_options(parser: argparse.ArgumentParser) -> None:
    add_run_options(parser)
    parser.add_argument("--run", default=None, metavar="LABEL", help="the run to leave (default: the first)")
    parser.add_argument("--after", required=True, metavar="UPDATE", help="after which update; the end of a rollout")
    parser.add_argument(
        "--technique",
        action="append",
        default=[],
        metavar="NAME",
        help=f"switch one on: {', '.join(TECHNIQUES)}; may be repeated",
    )
    parser.add_argument(
        "--change",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change a setting of the fork alone, as --set does for all",
    )
    parser.add_argument("--label", default="Fork", help="what the fork is called (default: Fork)")
    parser.add_argument("--until", default=None, metavar="UPDATE", help="the fork's last update (default: as the original)")


def run(options: argparse.Namespace, command: str) -> int:
    scenario = find_scenario(options.scenario)
    runs = resolve(scenario, options)
    label = options.run or next(iter(runs))
    if label not in runs:
        raise ConfigError(f"--run must be one of {', '.join(runs)}, got {label!r}; choose one of these")
    check_label(options.label, taken=[label])
    original = runs[label]
    changed = apply_overrides({label: original}, options.change)[label]
    changed = replace(changed, algorithm=with_techniques(changed.algorithm, options.technique))
    fork = make_fork(
        original, whole_number("--after", options.after), updates=whole_number("--until", options.until),
        task=changed.task, algorithm=changed.algorithm,
        **{name: getattr(changed, name) for name in settings_of(RunConfig) if name not in BUDGETS})  # fmt: skip
    return train_and_report(scenario, {label: original, options.label: fork}, options.out, command)
