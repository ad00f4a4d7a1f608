"""Bugs found in real training code, each as two lines: one with the bug, one without. The page *The lab* shows a function's source and runs
the same function on request; tests/pages/learn/test_lab.py runs them all. The page's text explains each under its name.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from core.engine.algorithms import aggregate, group_advantages, informative_groups, kl_estimate, overlong_penalty, policy_loss
from core.engine.algorithms.advantages import has_spread
from core.settings.algorithm import DAPO, GRPO
from core.settings.diff import difference

LOGITS = torch.tensor([0.8, 0.0, -0.4])
REWARDS = torch.tensor([[1.0, 1, 1, 1], [0, 0, 0, 0], [1, 0, 1, 0]])  # three prompts, four answers each
ALL_RIGHT, ALL_WRONG = torch.ones(4), torch.zeros(4)
TINY_NOISE = torch.tensor([0.0011, -0.0004, 0.0002, -0.0013])
LENGTHS = torch.tensor([10, 95, 100, 40])
RATIOS = torch.tensor([0.7, 0.7, 1.3, 1.3])
ADVANTAGES = torch.tensor([1.0, -1, 1, -1])
SHORT, LONG = torch.ones(10), torch.zeros(90)  # token losses of two micro-batches
LOSSES = torch.cat((torch.ones(1, 1, 5), torch.zeros(3, 1, 5)))  # four groups; only the first has an advantage
EVERY_GROUP = torch.ones(4, 1, 5, dtype=torch.bool)
LIVE_GROUP = LOSSES > 0
ONE_RIGHT = torch.tensor([1.0, 0, 0, 0])
EQUAL = torch.full((8,), 0.7)
MASK = torch.arange(20) < 12  # an answer of 12 tokens, padded to 20
BONUS = 0.25
ROUNDING = 1e-6  # of single precision; smaller numbers are shown as 0


# ---- helpers of the bugs


def slope(loss: Callable[[Tensor], Tensor]) -> Tensor:
    """The size of the gradient of `loss` in a log-probability."""
    logp = torch.tensor(-1.0, requires_grad=True)
    loss(logp).backward()
    return logp.grad.abs()


def clipped_share(ratios: Tensor, advantages: Tensor) -> Tensor:
    """The share of tokens that the clip of 0.2 stops, from the loss itself."""
    new, old = ratios.log()[:, None, None], torch.zeros(len(ratios), 1, 1)
    mask = torch.ones_like(new, dtype=torch.bool)
    _, stats = policy_loss(new, old, advantages[:, None], mask, eps_low=0.2, eps_high=0.2, aggregation="token_mean")
    return (stats.clipped_low + stats.clipped_high) / stats.tokens


def expected_gradient(estimator: str) -> Tensor:
    """The norm of the exact expected gradient of a KL estimate, on-policy, against a uniform base policy."""
    logits = LOGITS.clone().requires_grad_()
    logp = logits.log_softmax(0)
    (logp.exp().detach() * kl_estimate(logp, torch.full((3,), 1 / 3).log(), estimator)).sum().backward()
    return logits.grad.norm()


def logged_after(step: Callable[[Tensor], Tensor]) -> Tensor:
    """The value in a log that stored a loss of 1, without a copy, before `step` changed it."""
    logged = loss = torch.tensor(1.0)
    step(loss)
    return logged


def rounds(pass_rate: float, cap: float) -> float:
    """Expected generation rounds until a group of 8 is mixed."""
    mixed = 1 - pass_rate**8 - (1 - pass_rate) ** 8
    return min(1 / mixed if mixed else math.inf, cap)


# ---- the bugs


def undetached():
    bug = slope(lambda logp: (logp - logp).exp())
    right = slope(lambda logp: (logp - logp.detach()).exp())
    return bug, right


def one_update():
    bug = clipped_share(torch.ones(4), ADVANTAGES)  # the first update of a rollout: nothing has moved yet
    right = clipped_share(RATIOS, ADVANTAGES)  # a later one
    return bug, right


def whole_batch():
    bug = len(REWARDS) * (REWARDS.std() > 0)
    right = (REWARDS.std(-1) > 0).sum()
    return bug, right


def noise_as_signal():
    bug = group_advantages(ALL_RIGHT + TINY_NOISE)
    right = group_advantages(ALL_RIGHT)
    return bug, right


def shaped_filter():
    bug = group_advantages(ALL_WRONG + overlong_penalty(LENGTHS, max_tokens=100, buffer_tokens=50))
    right = informative_groups(ALL_WRONG > 0)
    return bug, right


def micro_batch_mean():
    bug = (SHORT.mean() + LONG.mean()) / 2
    right = torch.cat((SHORT, LONG)).mean()
    return bug, right


def dead_groups_counted():
    bug = aggregate(LOSSES, EVERY_GROUP, "token_mean")
    right = aggregate(LOSSES, LIVE_GROUP, "token_mean")
    return bug, right


def population_std():
    bug = (ONE_RIGHT - ONE_RIGHT.mean()) / ONE_RIGHT.std(correction=0)
    right = group_advantages(ONE_RIGHT)
    return bug, right


def one_pass_variance():
    bug = (EQUAL.square().mean() - EQUAL.mean().square()).abs().sqrt()
    right = EQUAL.std()
    return bug, right


def wrong_groups():
    bug = has_spread(REWARDS.T.reshape(3, 4)).sum()  # answers stored by number, cut up as if stored by prompt
    right = has_spread(REWARDS).sum()
    return bug, right


def temperature():
    bug = (LOGITS.log_softmax(0) - (LOGITS / 0.7).log_softmax(0)).exp()
    right = ((LOGITS / 0.7).log_softmax(0) - (LOGITS / 0.7).log_softmax(0)).exp()
    return bug, right


def clip_without_sign():
    bug = ((RATIOS - 1).abs() > 0.2).float().mean()
    right = clipped_share(RATIOS, ADVANTAGES)
    return bug, right


def padded_length():
    bug = overlong_penalty(torch.tensor(len(MASK)), max_tokens=20, buffer_tokens=10)
    right = overlong_penalty(MASK.sum(), max_tokens=20, buffer_tokens=10)
    return bug, right


def k1_as_loss():
    bug = expected_gradient("k1")
    right = expected_gradient("k2")
    return bug, right


def endless_refill():
    bug = rounds(pass_rate=1.0, cap=math.inf)
    right = rounds(pass_rate=1.0, cap=DAPO.max_rounds)
    return bug, right


def aliased_log():
    bug = logged_after(lambda loss: loss.sub_(BONUS))
    right = logged_after(lambda loss: loss - BONUS)
    return bug, right


def dapo_by_name():
    bug = difference(GRPO, replace(GRPO, loss_aggregation="token_mean"))
    right = difference(GRPO, DAPO)
    return bug, right


BUGS: dict[str, Callable] = {
    function.__name__: function
    for function in (
        undetached, one_update, whole_batch, noise_as_signal, shaped_filter, micro_batch_mean, dead_groups_counted, population_std,
        one_pass_variance, wrong_groups, temperature, clip_without_sign, padded_length, k1_as_loss, endless_refill, aliased_log,
        dapo_by_name,
    )
}  # fmt: skip


def source(name: str) -> str:
    """The function as it stands in this file."""
    return inspect.getsource(BUGS[name])


def run(name: str) -> tuple[str, str]:
    """Runs the function: (with the bug, without it), as words."""
    return tuple(_words(value) for value in BUGS[name]())


def _words(value) -> str:
    if isinstance(value, dict):
        return ", ".join(value)
    if isinstance(value, Tensor) and value.dtype == torch.bool:
        return "yes" if bool(value) else "no"
    if isinstance(value, Tensor) and value.ndim:
        return ", ".join(_words(one) for one in value)
    number = float(value)
    if math.isinf(number):
        return "endless"
    return "0" if abs(number) < ROUNDING else f"{number:.3g}".replace("-", "−")
