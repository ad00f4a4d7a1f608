"""The command line: `python -m core list`, `python -m core compare --scenario NAME --out DIR`, …"""

from __future__ import annotations

import argparse
import gc
import sys

if __name__ == "__main__":
    gc.disable()  # What is imported here stays. To look through it for garbage, now and at the end, would take 0.4 s of 1.4 s.

from core.commands import (
    EXIT_BAD_INPUT,
    EXIT_INTERRUPTED,
    compare,
    diagnose,
    factorial,
    fork,
    inspect,
    ladder,
    logs,
    recipe,
    sweep,
)
from core.runs.foreground import heed_interrupts
from core.settings.fields import ConfigError
from core.settings.scenarios import SCENARIOS

COMMANDS = (compare, diagnose, factorial, fork, inspect, ladder, logs, recipe, sweep)


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0 done, 1 a run failed, 2 bad input (nothing written), 130 interrupted (what was measured is written)."""
    options = _parser().parse_args(arguments)
    if options.command == "list":
        return _list()
    command = "python -m core " + " ".join(sys.argv[1:] if arguments is None else arguments)
    try:
        return options.run_command(options, command)
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m core", description="Train GRPO and DAPO side by side, without the dashboard."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="the scenarios")
    for module in COMMANDS:
        added = commands.add_parser(module.NAME, help=module.HELP)
        module.add_options(added)
        added.set_defaults(run_command=module.run)
    return parser


def _list() -> int:
    for name, scenario in SCENARIOS.items():
        print(f"{name:24} {scenario.title}\n{'':24} {scenario.look_for}\n")
    return 0


if __name__ == "__main__":
    gc.freeze()
    gc.enable()
    heed_interrupts()
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # before or after the training, which ends in an orderly way
        sys.exit(EXIT_INTERRUPTED)
