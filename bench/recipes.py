"""Exported settings given to the real TRL and verl: what they accept, and whether they train as the Lab does.

    python -m bench.recipes [--environments DIR] [--write bench/recipes.md]

Makes a virtual environment per version in DIR (kept, so that a second call is quick). With TRL, ten optimiser steps of a tiny model are trained
under an export, and each loss and clip fraction is computed a second time by the Lab's loss on the same batch.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from core.recipes import Machine, write_recipe
from core.recipes.render import hydra_value
from core.settings.algorithm import DAPO, GRPO, AlgorithmConfig
from core.settings.run import RunConfig
from core.settings.task import ChainConfig

ROOT = Path(__file__).parents[1]
CHECKS = ROOT / "bench" / "recipe_checks"
TRL_VERSIONS = ("1.16.0", "1.10.0", "1.0.0", "0.26.2", "0.22.2")
VERL_VERSION = "0.9.1"
TORCH = "torch==2.13.0"
DR_GRPO = AlgorithmConfig(normalize_std=False, loss_aggregation="constant")
ALGORITHMS = {
    "GRPO": GRPO, "DAPO": DAPO, "Dr. GRPO": DR_GRPO,
    "DAPO with KL, entropy bonus and dual clip": replace(DAPO, kl_coef=0.01, entropy_coef=0.001, dual_clip=4.0),
}  # fmt: skip
# Small bounds of the ratio, so that a tiny model's first steps reach them.
TRAINED = {
    "GRPO": replace(GRPO, eps_low=0.02, eps_high=0.02),
    "DAPO without refill": replace(DAPO, eps_low=0.02, eps_high=0.03, dynamic_sampling="off", overlong="none"),
    "Dr. GRPO": replace(DR_GRPO, eps_low=0.02, eps_high=0.02),
}
SMALL = RunConfig(task=ChainConfig(), num_prompts=8, group_size=4, updates_per_rollout=8, epochs=2)
STEPS = 16


def environment(folder: Path, name: str, packages: list[str]) -> Path:
    """The Python of a virtual environment with `packages`; made on first use."""
    python = folder / name / "bin" / "python"
    done = folder / name / "complete"
    if not done.exists():
        subprocess.run([sys.executable, "-m", "venv", folder / name], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", TORCH, *packages], check=True)
        done.touch()
    return python


def ask(python: Path, script: str, question: object) -> dict:
    """The answer of a program of recipe_checks."""
    done = subprocess.run(
        [python, CHECKS / script], input=json.dumps(question), capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )  # fmt: skip
    answer = next((line for line in done.stdout.splitlines() if line.startswith("RESULT")), None)
    return json.loads(answer.removeprefix("RESULT")) if answer else {"error": done.stderr[-500:] or "no answer"}


def trl_values(algorithm: AlgorithmConfig, run: RunConfig = SMALL) -> dict:
    return {
        a.key: a.value
        for a in write_recipe(replace(run, algorithm=algorithm), "trl", Machine(max_tokens=64, per_device=4)).arguments
    }


def accepted_by_trl(python: Path) -> list[str]:
    rows = []
    for name, algorithm in ALGORITHMS.items():
        found = ask(python, "trl_config.py", trl_values(algorithm))
        fits = (found.get("prompts"), found.get("updates_per_rollout")) == (SMALL.num_prompts, SMALL.updates_per_rollout)
        unknown = ", ".join(found.get("unknown", [])) or "none"
        rows.append(
            f"| {found.get('version', '?')} | {name} | {found['error'] or 'taken'} | {unknown} | {'yes' if fits else 'no'} |"
        )
    return rows


def accepted_by_verl(python: Path) -> list[str]:
    rows = []
    for name, algorithm in ALGORITHMS.items():
        recipe = write_recipe(replace(SMALL, algorithm=algorithm), "verl", Machine(max_tokens=64, per_device=4))
        found = ask(python, "verl_config.py", [f"{a.key}={hydra_value(a.value)}" for a in recipe.arguments])
        kept = {a.key.lstrip("+"): a.value for a in recipe.arguments} == found.get("values")
        rows.append(
            f"| {found.get('version', '?')} | {name} | {found['error'] or 'taken'} | {'yes' if kept else 'no'} | "
            f"{found.get('updates_per_rollout')} | {', '.join(found.get('checked', [])) or 'none'} |"
        )
    return rows


def trained_by_trl(python: Path) -> list[str]:
    rows = []
    for name, algorithm in TRAINED.items():
        loss = {"eps_low": algorithm.eps_low, "eps_high": algorithm.eps_high, "aggregation": algorithm.loss_aggregation}
        config = trl_values(algorithm) | {"max_completion_length": 8, "learning_rate": 0.01}
        found = ask(python, "trl_training.py", {"config": config, "loss": loss, "steps": STEPS})
        if "rows" not in found:
            rows.append(f"| {name} | failed: {found['error']} | | | | |")
            continue
        far = {
            what: max(abs(r[f"{what}_trl"] - r[f"{what}_lab"]) for r in found["rows"])
            for what in ("loss", "clip_low", "clip_high")
        }
        clipped = sum(r["clip_low_lab"] + r["clip_high_lab"] > 0 for r in found["rows"])
        each = found["optimizer_steps"] / found["rollouts"]
        rows.append(
            f"| {name} | {each:g} ({SMALL.updates_per_rollout}) | {len(found['rows'])}, {clipped} of them clipped | {far['loss']:.1e} | "
            f"{far['clip_low']:.1e} | {far['clip_high']:.1e} |"
        )
    return rows


HEAD = """# Exported settings in the real trainers

    python -m bench.recipes --write bench/recipes.md

Settings of {prompts} prompts x {group} completions, {updates} updates per rollout in {epochs} passes, written by `core.recipes`.

## TRL takes them

Written for TRL {trl}; older versions are asked to show what changes. Names that a version does not have were left out before it was asked.

| TRL | side | GRPOConfig | names it does not have | same prompts and updates per rollout |
| --- | --- | --- | --- | --- |
"""
VERL = """
## verl takes them

Hydra composes verl's own configuration with the overrides, then verl's dataclasses check the parts named in the last column.

| verl | side | Hydra and dataclasses | every value arrived | updates per rollout | checked by dataclasses |
| --- | --- | --- | --- | --- | --- |
"""
TRAINS = """
## TRL trains as the Lab does

{steps} optimiser steps of a tiny GPT-2 with TRL {trl}. Loss and clip fractions of each micro-batch, by TRL and by the Lab's `policy_loss`
from the same log-probabilities: the largest differences. The denominator of the token mean is TRL's (see the export's comment).

| side | updates per rollout (the Lab's) | micro-batches | loss | clipped low | clipped high |
| --- | --- | --- | --- | --- | --- |
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--environments", type=Path, default=Path.home() / ".cache" / "dapo-lab-bench")
    parser.add_argument("--write", type=Path, default=None)
    options = parser.parse_args()
    options.environments.mkdir(parents=True, exist_ok=True)
    trl = {v: environment(options.environments, f"trl-{v}", [f"trl=={v}"]) for v in TRL_VERSIONS}
    verl = environment(options.environments, f"verl-{VERL_VERSION}", [f"verl=={VERL_VERSION}"])
    facts = {
        "prompts": SMALL.num_prompts, "group": SMALL.group_size, "updates": SMALL.updates_per_rollout, "epochs": SMALL.epochs,
        "trl": TRL_VERSIONS[0], "steps": STEPS,
    }  # fmt: skip
    lines = [HEAD.format(**facts), *(f"{row}\n" for python in trl.values() for row in accepted_by_trl(python))]
    lines += [VERL.format(**facts), *(f"{row}\n" for row in accepted_by_verl(verl))]
    lines += [TRAINS.format(**facts), *(f"{row}\n" for row in trained_by_trl(trl[TRL_VERSIONS[0]]))]
    text = "".join(lines)
    print(text)
    if options.write:
        options.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
