"""Main effects and interactions of a two-level full factorial, each with a Student's t interval over seeds.

Every technique j is coded x_j = -1/2 where it is off and +1/2 where it is on, and the scores of one seed in the 2^k cells are written as

    y(x) = β_0 + Σ_j β_j x_j + Σ_{j<l} β_jl x_j x_l + …

with one β_S for every set S of techniques: as many as there are cells, so that they fit exactly. The columns are orthogonal, and the least
squares solution is β_S = 2^|S| / 2^k · Σ_cells y · Π_{j in S} s_j, where s_j = -1 (off) or +1 (on). Then

    β_j  = mean of the cells with j - mean of the cells without it: the main effect;
    β_jl = (what j brings where l is on) - (what j brings where l is off), as means over the others: the interaction.

Both are in units of the score. Textbooks that code x = -1, +1 call half of β_jl the interaction (Box, Hunter and Hunter 2005, ch. 5). The
cells of a seed share its prompts and its first parameters, so β_S is computed for each seed and the interval is that of the mean of these
differences, as for every paired difference (`core.analysis.stats.interval`).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from core.analysis.stats import Estimate, interval

Names = tuple[str, ...]


@dataclass(frozen=True)
class Effect:
    """One β. `techniques`: one name for a main effect, two or more for an interaction."""

    techniques: Names
    value: Estimate  # in units of the score; its interval is over seeds

    @property
    def name(self) -> str:
        return " × ".join(self.techniques)


def effects(scores: np.ndarray, on: np.ndarray, names: Names) -> dict[Names, Effect]:
    """Techniques -> effect, main effects first, then pairs, triples and so on. `scores` (C, R): C cells of R seeds; `on` (C, k): bool,
    which techniques each cell has. ValueError unless the cells are all 2^k combinations, each once."""
    check_full(on, len(names))
    signs = np.where(on, 1.0, -1.0)
    out = {}
    for size in range(1, len(names) + 1):
        for chosen in combinations(range(len(names)), size):
            column = signs[:, chosen].prod(1)
            per_seed = 2**size / len(on) * (column @ scores)  # (R,)
            techniques = tuple(names[j] for j in chosen)
            out[techniques] = Effect(techniques, interval(per_seed))
    return out


def simple_effects(scores: np.ndarray, on: np.ndarray, names: Names, technique: str, given: str) -> tuple[Estimate, Estimate]:
    """What `technique` brings where `given` is off, and where it is on: means over the cells of the others, paired by seed. Their
    difference, on minus off, is the interaction. `scores` (C, R) and `on` (C, k) as for `effects`."""
    check_full(on, len(names))
    own, other = on[:, names.index(technique)], on[:, names.index(given)]
    off, with_it = (
        interval(scores[own & (other == there)].mean(0) - scores[~own & (other == there)].mean(0)) for there in (False, True)
    )
    return off, with_it


def check_full(on: np.ndarray, techniques: int) -> None:
    if on.shape != (2**techniques, techniques) or len(np.unique(on, axis=0)) != len(on):
        raise ValueError(
            f"on must hold each of the {2**techniques} combinations of {techniques} techniques once, got shape {on.shape}"
        )
