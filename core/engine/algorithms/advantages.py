"""Group-relative advantages: the group is its own baseline."""

from __future__ import annotations

import torch
from torch import Tensor

STD_FLOOR = 1e-6  # added to the standard deviation, outside the root


def group_advantages(rewards: Tensor, *, normalize_std: bool = True) -> Tensor:
    """(…, G) -> (…, G): reward minus the group's mean, divided by the group's sample standard deviation (÷ G-1) plus 1e-6.

    DAPO Eq. 4 and 9, which do not say which standard deviation; verl and TRL use the sample one, and so do we. Without
    `normalize_std` only the mean is subtracted (Dr. GRPO). A group of equal rewards gets exactly 0, found by comparing rewards and
    not by a rounded variance. ValueError if G < 2: one completion has no baseline.
    """
    if rewards.shape[-1] < 2:
        raise ValueError(f"group_size must be at least 2 to form a baseline, got {rewards.shape[-1]}")
    centred = rewards - rewards.mean(-1, keepdim=True)
    if normalize_std:
        centred = centred / (rewards.std(-1, keepdim=True) + STD_FLOOR)
    return torch.where(has_spread(rewards)[..., None], centred, 0.0)


def has_spread(rewards: Tensor) -> Tensor:
    """(…, G) -> bool (…): whether a group's rewards differ at all."""
    return rewards.amax(-1) > rewards.amin(-1)
