"""The shape legend and the records that flow through a run.

Shapes, everywhere:
    R replicas (seeds), B prompts of a batch, G completions of a group, T completion tokens, V vocabulary, N prompts of a pool.
The group is an axis: rewards and advantages are (R, B, G); tokens, masks and log-probs are (R, B, G, T).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Completions:
    """What a policy sampled. A token after the end of a completion has mask False and no meaning."""

    tokens: Tensor  # (R, B, G, T) int64
    mask: Tensor  # (R, B, G, T) bool, the end token included
    logprobs: Tensor  # (R, B, G, T) log-probability of each sampled token under the sampling policy, no gradient
    entropy: Tensor  # (R, B, G, T) nats, over the whole vocabulary
    ended: Tensor  # (R, B, G) bool, False = truncated at the length limit

    @property
    def lengths(self) -> Tensor:
        """(R, B, G) tokens, the end token included, padding excluded."""
        return self.mask.sum(-1)

    @staticmethod
    def joined(parts: Sequence[Completions]) -> Completions:
        """Those of successive prompts as one."""
        if len(parts) == 1:
            return parts[0]
        return Completions(*(torch.cat([getattr(part, f.name) for part in parts], 1) for f in fields(Completions)))


@dataclass(frozen=True)
class Rollout:
    """The batch that a policy is trained on: B slots per replica, some of which may be empty."""

    prompts: Tensor  # (R, B) int64, indices into the task's training pool
    tokens: Tensor  # (R, B, G, T) int64
    mask: Tensor  # (R, B, G, T) bool
    old_logprobs: Tensor  # (R, B, G, T)
    rewards: Tensor  # (R, B, G) as the algorithm sees them: after noise and shaping
    correct: Tensor  # (R, B, G) bool, before noise and shaping
    ended: Tensor  # (R, B, G) bool
    live: Tensor  # (R, B) bool, False = an empty or dropped slot: weight zero in the loss

    @property
    def trained_mask(self) -> Tensor:
        """(R, B, G, T) the tokens that enter the loss: those of live slots."""
        return self.mask & self.live[..., None, None]

    def trimmed(self) -> Rollout:
        """The same rollout without the positions that no completion reaches."""
        longest = int(self.mask.flatten(0, 2).any(0).sum())
        cut = {name: getattr(self, name)[..., : max(longest, 1)] for name in ("tokens", "mask", "old_logprobs")}
        return replace(self, **cut)

    def spread(self, rows: Tensor, replicas: int) -> Rollout:
        """The same rollout as that of `replicas` replicas, of which `rows` (R',) are these; the others' slots are empty."""
        if len(rows) == replicas:
            return self
        out = {f.name: getattr(self, f.name).new_zeros(replicas, *getattr(self, f.name).shape[1:]) for f in fields(self)}
        for name, values in out.items():
            values[rows] = getattr(self, name)
        return replace(self, **out)

    def slots(self, index: Tensor) -> Rollout:
        """The same rollout reduced to the prompt slots in `index`."""
        return replace(self, **{f.name: getattr(self, f.name)[:, index] for f in fields(self)})


@dataclass(frozen=True)
class Distribution:
    """What the policy would generate next, as a mean over the contexts (one per real token) of the rollout's batch, dropped groups
    included. Float32; rows sum to 1, and are NaN for a replica without a single context."""

    token_probs: np.ndarray  # (R, V) probability of each token, mean over contexts
    rank_probs: np.ndarray  # (R, V) each context's probabilities sorted, largest first, then the mean: shows collapse onto one
    # answer per prompt even where the answers differ


@dataclass(frozen=True)
class StepRecord:
    """One optimiser update of all replicas; or, as update 0 of rollout 0, the evaluation of the untrained policy.

    A metric that was not measured at this update is absent, or NaN for the replicas it was not measured on; never 0.
    """

    update: int  # 1, 2, …: optimiser updates; 0 before the first
    rollout: int  # 1, 2, …: the generation phase this update trains on
    samples_generated: np.ndarray  # (R,) int64, completions sampled since the start, dropped ones included
    wall_seconds: float  # since the start of training
    metrics: dict[str, np.ndarray]  # name -> (R,) float64
    distribution: Distribution | None = None  # None = not recorded at this update


class Stopped(Exception):
    """`should_stop()` said so in the middle of something. What was begun is given up; no record is made of it."""


class TrainingDiverged(RuntimeError):
    """A NaN or an infinity appeared in training. The records before it are valid."""

    def __init__(self, update: int, tensor: str, seeds: list[int], rows: Sequence[int] = ()):
        self.update, self.tensor, self.seeds, self.rows = update, tensor, seeds, tuple(rows)  # rows: the replicas
        super().__init__(
            f"training diverged at update {update}: {tensor} is not finite for seed(s) {', '.join(map(str, seeds))}; "
            "lower learning_rate or max_grad_norm"
        )


def check_finite(values: Tensor, *, update: int, tensor: str, seeds: tuple[int, ...]) -> None:
    """TrainingDiverged if any replica's entry of `values` (R,) is NaN or infinite."""
    finite = torch.isfinite(values)
    if not bool(finite.all()):
        rows = [row for row, ok in enumerate(finite.tolist()) if not ok]
        raise TrainingDiverged(update, tensor, [seeds[row] for row in rows], rows)
