"""Numbers in the text of *The lab that printed 0.0000*."""

from __future__ import annotations

import torch

from core.engine.algorithms.losses import policy_loss
from core.engine.tasks import make_task
from core.settings.scenarios.lab import LAB


def guessing() -> float:
    """What a uniform policy earns in the lab, the noise left out."""
    return float(make_task(LAB.run.task).means.mean())


def slope_at_start() -> float:
    """The slope of the ratio in the score of the best of three actions, where they are equally likely: from the loss itself."""
    score = torch.zeros((), requires_grad=True)
    new = torch.stack((score, torch.tensor(0.0), torch.tensor(0.0))).log_softmax(0)[0].reshape(1, 1, 1)
    mask = torch.ones(1, 1, 1, dtype=torch.bool)
    loss, _ = policy_loss(new, new.detach(), torch.ones(1, 1), mask, eps_low=0.2, eps_high=0.2, aggregation="token_mean")
    loss.backward()
    return -float(score.grad)
