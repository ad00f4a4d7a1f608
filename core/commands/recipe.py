"""`python -m core recipe`: a side's settings for TRL, verl, ms-swift or OpenRLHF, or theirs as a side of the Lab."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from urllib.parse import urlencode

from core.commands import EXIT_BAD_INPUT
from core.commands.running import add_setting_options, resolve, whole_number
from core.logs.source import Refused
from core.recipes import Imported, Machine, read_settings, recipe_text, write_recipe
from core.recipes.reading.imported import LABEL
from core.recipes.targets import TARGETS
from core.settings.fields import ConfigError
from core.settings.links import to_query
from core.settings.scenario import Scenario
from core.settings.scenarios import find_scenario

NAME = "recipe"
HELP = "write a side's settings for TRL, verl, ms-swift or OpenRLHF (--side, --for), or read theirs (--read FILE)"
NUMBERS = {"--max-tokens": "max_tokens", "--gpus": "gpus", "--per-device": "per_device", "--reward-range": "reward_range"}


def add_options(parser: argparse.ArgumentParser) -> None:
    add_setting_options(parser)
    parser.add_argument("--side", default=None, metavar="LABEL", help="whose settings to write (default: the last one)")
    parser.add_argument("--for", dest="target", default=None, metavar="NAME", help=f"for which trainer: {', '.join(TARGETS)}")
    parser.add_argument(
        "--form", default=None, help="; ".join(f"{name}: {' or '.join(target.forms)}" for name, target in TARGETS.items())
    )
    parser.add_argument("--max-tokens", default=None, help="longest completion of your model (default: 1024)")
    parser.add_argument("--gpus", default=None, help="GPUs that train (default: 1)")
    parser.add_argument("--per-device", default=None, help="completions that one GPU can train on at once (default: 16)")
    parser.add_argument("--reward-range", default=None, help="1 for rewards of 0 and 1, 2 for -1 and +1 (default: 1)")
    parser.add_argument("--seed", default=None, help="whose values to write where each seed has its own")
    parser.add_argument("--out", default=None, type=Path, help="the file to write (default: print it)")
    parser.add_argument("--read", default=None, metavar="FILE", help="read a trainer's settings instead; - for standard input")
    parser.add_argument(
        "--version-of", default=None, metavar="VERSION", help="with --read: the trainer's version, for its defaults"
    )
    parser.add_argument("--json", action="store_true", help="with --read: print one JSON document instead of sentences")


def run(options: argparse.Namespace, command: str) -> int:
    """Exit code 0, or 2 with one line on stderr."""
    machine = Machine(**{
        field: whole_number(option, text) for option, field in NUMBERS.items()
        if (text := getattr(options, field)) is not None
    })  # fmt: skip
    scenario = find_scenario(options.scenario)
    if options.read is not None:
        return _read(options, scenario, machine)
    if options.target is None:
        raise ConfigError(
            f"--for must name a trainer, one of {', '.join(TARGETS)}, got nothing; or read settings with --read FILE"
        )
    runs = resolve(scenario, options)
    label = options.side or list(runs)[-1]
    if label not in runs:
        raise ConfigError(f"--side must be one of {', '.join(runs)}, got {label!r}; choose one of these")
    recipe = write_recipe(runs[label], options.target, machine, form=options.form, seed=whole_number("--seed", options.seed))
    text = recipe_text(recipe, label, scenario.name)
    if options.out is None:
        print(text)
        return 0
    try:
        options.out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"--out {options.out}: it cannot be written ({error.strerror}); choose another file") from None
    print(f"Written: {options.out}")
    return 0


def _read(options: argparse.Namespace, scenario: Scenario, machine: Machine) -> int:
    try:
        data = sys.stdin.buffer.read() if options.read == "-" else Path(options.read).read_bytes()
    except OSError as error:
        raise ConfigError(
            f"--read {options.read}: it cannot be read ({error.strerror}); give a file, or - for standard input"
        ) from None
    base = next(iter(resolve(scenario, options).values()))
    try:
        found = read_settings(
            data, framework=options.target, version=options.version_of, base=base, reward_range=machine.reward_range
        )
    except Refused as refused:
        print(f"error: {refused.sentence}", file=sys.stderr)
        return EXIT_BAD_INPUT
    values = import_values(found, scenario)
    print(json.dumps(values, indent=1) if options.json else described(found, values))
    return 0


def import_values(found: Imported, scenario: Scenario) -> dict:
    """What was read, as JSON; `link` are the parameters that open it on Compare."""
    return {
        "framework": found.framework, "version": found.version, "algorithm": asdict(found.algorithm), "sizes": found.sizes,
        "notes": [str(note) for note in found.notes], "link": urlencode(to_query(scenario, found.beside(scenario))),
    }  # fmt: skip


def described(found: Imported, values: dict) -> str:
    lines = [f"{found.framework} {found.version}, as the side {LABEL}:"]
    lines += [f"  {name}: {value}" for name, value in (values["algorithm"] | values["sizes"]).items()]
    lines += [f"- {note}" for note in values["notes"]]
    return "\n".join([*lines, f"In the Lab: ?{values['link']}"])
