"""What an export has to know of the user's own training, and how a rollout is divided over their GPUs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from core.settings.fields import ConfigError
from core.settings.run import RunConfig
from core.settings.schema import settings


@settings
class Machine:
    """The user's own training, as far as the Lab's settings depend on it."""

    max_tokens: int = Field(1024, ge=1, le=1_000_000, description="Longest completion of your model, L.")
    gpus: int = Field(1, ge=1, le=4096, description="GPUs, P.")
    per_device: int = Field(16, ge=1, le=4096, description="Completions that one GPU can train on at once.")
    reward_range: Literal[1, 2] = Field(1, description="Distance between a wrong and a right answer: 1 for 0/1, 2 for -1/+1.")


@dataclass(frozen=True)
class Division:
    """One update's completions: `per_device` x gpus x `accumulation`. `rollout` is how many completions a rollout has."""

    rollout: int
    update: int
    per_device: int
    accumulation: int


def divide(run: RunConfig, machine: Machine) -> Division:
    """`per_device` is the largest number up to the machine's that divides an update evenly. ConfigError if the GPUs do not."""
    rollout = run.num_prompts * run.group_size
    update = rollout // run.minibatches
    if update % machine.gpus:
        fitting = [n for n in range(1, min(update, 4096) + 1) if update % n == 0]
        raise ConfigError(
            f"gpus must divide the completions of an update, num_prompts x group_size x epochs / updates_per_rollout = {update}, "
            f"got {machine.gpus}; choose one of {', '.join(map(str, fitting[:12]))}, or change these settings"
        )
    share = update // machine.gpus
    per_device = max(n for n in range(1, min(share, machine.per_device) + 1) if share % n == 0)
    return Division(rollout, update, per_device, share // per_device)
