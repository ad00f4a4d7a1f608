"""`python -m core inspect --scenario NAME --run LABEL --seed S --update N`: inspect one update of a run of a scenario or of the history."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from core.analysis.history import History
from core.analysis.result import RunResult
from core.commands.progress import ProgressBar
from core.commands.running import add_setting_options, resolve, whole_number
from core.engine.cost import check
from core.inspection.step import Step, check_against, inspect_step
from core.inspection.treatment import other_algorithms, treat
from core.runs.store.store import Store, StoreError
from core.settings.fields import ConfigError
from core.settings.run import RunConfig
from core.settings.scenarios import find_scenario

if TYPE_CHECKING:
    from core.inspection.report import Other

NAME = "inspect"
HELP = "train a run again up to one update and show what happened in it: groups, advantages, every token's part in the loss"


def add_options(parser: argparse.ArgumentParser) -> None:
    add_setting_options(parser)
    parser.add_argument("--database", default=None, type=Path, metavar="FILE", help="look into a stored run: runs/runs.sqlite")
    parser.add_argument(
        "--comparison",
        default=None,
        metavar="ID",
        help="which stored comparison (it stands in the page's address); an old one that begins with -: --comparison=ID",
    )
    parser.add_argument("--run", default=None, metavar="LABEL", help="which run of it (default: the first)")
    parser.add_argument("--seed", default=None, help="which seed (default: the run's first)")
    parser.add_argument("--update", required=True, help="which update, from 1")
    parser.add_argument("--group", default=None, metavar="N", help="open one group: completions and tokens")
    parser.add_argument("--completion", default=None, metavar="N", help="whose tokens (default: most of the gradient)")
    parser.add_argument("--against", default=None, metavar="LABEL", help="the same group through another side, GRPO or DAPO")
    parser.add_argument("--json", default=None, type=Path, metavar="FILE", help="write every number of the step to FILE")


def run(options: argparse.Namespace, command: str) -> int:
    from core.inspection.report import group_text, step_text, step_values  # pandas takes 0.2 s, see core.analysis.history
    from core.inspection.tables import suggested_group

    histories: dict[str, History] = {}
    if options.database is None:
        runs = resolve(find_scenario(options.scenario), options)
    else:
        results = stored(options.database, options.comparison)
        runs = {label: result.config for label, result in results.items()}
        histories = {label: result.history for label, result in results.items()}
    label = _one_of("--run", options.run, runs) if options.run is not None else next(iter(runs))
    choices = other_algorithms({name: config.algorithm for name, config in runs.items()}, label)
    against = None if options.against is None else _one_of("--against", options.against, choices)
    group, completion = (whole_number(f"--{name}", getattr(options, name)) for name in ("group", "completion"))
    step = _replayed(runs[label], whole_number("--seed", options.seed), whole_number("--update", options.update))
    _check_numbers(step, group, completion)
    treated, checked = treat(step), _checked(step, histories.get(label))
    other: Other | None = None if against is None else (against, treat(step, choices[against]))
    if options.json is not None:
        _write(options.json, {"command": command, "checked": checked} | step_values(step, treated, label, other))
    print(step_text(step, treated, label, checked=checked))
    if group is None and other is not None:
        group = suggested_group(step, treated)
    if group is not None:
        print("\n" + group_text(step, treated, label, group, completion, other))
    return 0


def stored(database: Path, comparison: str | None) -> dict[str, RunResult]:
    """The runs of a comparison in the history. ConfigError if there is no such file, comparison or measurement."""
    if not database.is_file():
        raise ConfigError(
            f"--database must be the history of a dashboard, got {str(database)!r}, which is no file; give its path"
        )
    store = None
    try:
        store = Store(database)
        known = list(dict.fromkeys(row.comparison for row in store.runs()))
        if comparison not in known:
            some = f"the newest are {', '.join(known[:5])}" if known else "it holds none"
            raise ConfigError(f"--comparison must be the id of a stored comparison, got {comparison!r}; {some}")
        return store.results(comparison)
    except StoreError as error:
        raise ConfigError(str(error)) from None
    finally:
        if store is not None:
            store.close()


def _one_of(option: str, label: str, known: Mapping[str, object]) -> str:
    if label not in known:
        raise ConfigError(f"{option} must be one of {', '.join(known)}, got {label!r}; choose one of these")
    return label


def _replayed(config: RunConfig, seed: int | None, update: int) -> Step:
    check({"the run": config})
    torch.set_num_threads(1)  # as in the run: another number of threads sums in another order, with other rounding
    with ProgressBar(unit="update", leave=False) as bar:

        def on_prepare(stage: str, done: int, total: int) -> None:
            if bar.desc != f"{stage}: ":
                bar.reset(total)
                bar.set_description(stage)
            bar.update(done - bar.n)

        return inspect_step(config, config.first_seed if seed is None else seed, update, on_prepare=on_prepare)


def _check_numbers(step: Step, group: int | None, completion: int | None) -> None:
    for option, value, most in (("group", group, len(step.groups)), ("completion", completion, step.config.group_size)):
        if value is not None and not 1 <= value <= most:
            raise ConfigError(f"--{option} must be between 1 and {most}, got {value}; choose one of these")


def _checked(step: Step, history: History | None) -> str:
    if history is None:
        return ""
    count = len(step.record.metrics)
    return (
        check_against(step, history)
        or f"Checked: all {count} numbers that the stored run has at this update are the same to three digits."
    )


def _write(path: Path, values: dict) -> None:
    try:
        path.write_text(json.dumps(values, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"--json must be a file that can be written, got {str(path)!r}: {error.strerror}; choose another"
        ) from None
