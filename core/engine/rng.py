"""Random streams: one per replica, so that a seed's results do not depend on the other seeds, and one for each purpose that all replicas
share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

PURPOSES = ("prompt pool", "imitation")  # purposes that have a stream of their own; the position in this list is part of the seed


def seeded(purpose: str, seed: int) -> torch.Generator:
    """A generator for one of PURPOSES, statistically independent of every replica's and of the other purposes', whatever the seeds:
    `numpy.random.SeedSequence` hashes seed and purpose together. ValueError for an unknown purpose."""
    if purpose not in PURPOSES:
        raise ValueError(f"purpose must be one of {', '.join(PURPOSES)}, got {purpose!r}; choose one of these")
    spawned = np.random.SeedSequence(seed, spawn_key=(PURPOSES.index(purpose),))
    return torch.Generator().manual_seed(int(spawned.generate_state(1, np.uint64)[0] >> 1))


class ReplicaStreams:
    """A `torch.Generator` for each seed. A draw gives each *active* replica its own numbers and leaves the others' streams
    untouched; the global random state is never read or written."""

    def __init__(self, seeds: Sequence[int]):
        self.generators = [torch.Generator().manual_seed(seed) for seed in seeds]

    def uniform(self, *shape: int, active: Sequence[int] | None = None) -> Tensor:
        """(R', *shape) uniform in [0, 1) float32 for the replicas in `active` (default: all)."""
        chosen = self._chosen(active)
        out = torch.empty(len(chosen), *shape)
        for row, generator in zip(out, chosen, strict=True):
            row.uniform_(generator=generator)
        return out

    def normal(self, *shape: int, active: Sequence[int] | None = None) -> Tensor:
        """(R', *shape) standard normal float32 for the replicas in `active` (default: all)."""
        chosen = self._chosen(active)
        out = torch.empty(len(chosen), *shape)
        for row, generator in zip(out, chosen, strict=True):
            row.normal_(generator=generator)
        return out

    def _chosen(self, active: Sequence[int] | None) -> list[torch.Generator]:
        return self.generators if active is None else [self.generators[i] for i in active]
