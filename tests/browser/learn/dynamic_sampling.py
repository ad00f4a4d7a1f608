"""Dynamic sampling."""

from __future__ import annotations

from dataclasses import replace
from math import comb

import numpy as np
import torch

from core.engine.algorithms.advantages import group_advantages
from core.engine.algorithms.sampling import informative_groups, keep_groups
from core.engine.algorithms.shaping import overlong_penalty
from core.engine.rollout import _empty_like, _fill
from core.engine.types import Rollout
from core.settings.algorithm import DAPO
from core.settings.scenarios.lab import LAB
from pages.shared.learn.numbers.dynamic_sampling import curves
from tests.browser.learn import Case, Drag

BATCH = 16


def dead_groups(p: float, size: int) -> dict:
    """Every group there can be, asked by the function that trains, weighted with how often it occurs."""
    share = torch.tensor([comb(size, k) * p**k * (1 - p) ** (size - k) for k in range(size + 1)], dtype=torch.float64)
    right = torch.arange(size)[None] < torch.arange(size + 1)[:, None]
    dead = ~informative_groups(right)
    wrong, all_right = float(share[dead & ~right.any(1)].sum()), float(share[dead & right.all(1)].sum())
    alive = float(share[~dead].sum())
    return {"wrong": wrong, "right": all_right, "dead": wrong + all_right, "cost": 1 / alive}


def filled(rounds: list[list[int]], size: int) -> dict:
    """What core's loop makes of these rounds: every group is a prompt numbered in the order of generation."""
    width, batch, fates = len(rounds[0]), None, []
    for r, groups in enumerate(rounds):
        right = torch.tensor(groups)[None, :, None]
        correct = torch.arange(size) < right
        keep = informative_groups(correct)
        one = torch.zeros(1, width, size, 1)
        numbers = torch.arange(width)[None] + r * width
        made = Rollout(numbers, one.long(), one.bool(), one, correct.float(), correct, correct, keep.clone())
        batch = _empty_like(made) if batch is None else batch
        _fill(batch, torch.tensor([0]), made)
        taken = batch.prompts[0][batch.live[0]].tolist()
        for number, count, kept in zip(numbers[0].tolist(), groups, keep[0].tolist(), strict=True):
            fates.append(("kept" if number in taken else "surplus") if kept else ("right" if count else "wrong"))
    fates = [fates[at : at + width] for at in range(0, len(fates), width)]
    return {"fates": fates, "slots": batch.prompts[0][batch.live[0]].tolist()}


def drawn(seed: int, size: int, rounds: int, width: int = BATCH) -> list[list[int]]:
    chances = np.random.default_rng(seed).choice([0.05, 0.5, 0.95], (rounds, width))
    return np.random.default_rng(seed + 1).binomial(size, chances).tolist()


def keeps(correct: list[bool], rewards: list[float], on: str) -> bool:
    algorithm = replace(DAPO, filter_on=on)
    return bool(keep_groups(algorithm, torch.tensor([[correct]]), torch.tensor([[rewards]], dtype=torch.float64), (0.0, 1.0)))


def advantages(rewards: list[float]) -> list[float]:
    return group_advantages(torch.tensor(rewards, dtype=torch.float64)).tolist()


def lab(rewards: list[float], correct: list[bool], size: int, threshold: float) -> dict:
    """The lab's own algorithm on the whole batch, and equation 11 on each group."""
    algorithm = replace(LAB.algorithms["DAPO"], filter_threshold=threshold)
    shape = (1, len(correct) // size, size)
    right, paid = torch.tensor(correct).reshape(shape), torch.tensor(rewards, dtype=torch.float64).reshape(shape)
    whole = keep_groups(algorithm, right, paid, (0.0, 1.0))[0]
    assert bool(whole.all()) == bool(whole.any())
    return {"whole": bool(whole[0]), "perGroup": informative_groups(right)[0].tolist()}


def noisy(sigma: float, best: int) -> list[float]:
    noise = np.random.default_rng(best).normal(0, sigma, 32)
    return np.maximum(np.where(np.arange(32) < best, 1.0, 0.3) + noise, 0).tolist()


XS, YS = [1, 41, 81, 480], [0.0, 0.2, 0.5, 0.4]
CORRECT = ([False] * 4, [True] * 4, [True, False, False, False])
REWARDS = ([0.0] * 4, [0.0, -0.1, -0.5, -0.2], [1.0] * 4, [1.0, 0.0, 0.0, 0.0])

CASES = [
    *(Case("deadGroups", [p, size], dead_groups(p, size)) for p in (0.01, 0.1, 0.5, 0.9, 0.98) for size in (2, 8, 16)),
    *(Case("fillBatch", [r, 8], filled(r, 8)) for r in (drawn(1, 8, 3), drawn(2, 8, 6), drawn(3, 8, 1, 4), [[0] * 5, [8] * 5])),
    *(
        Case(
            "overlongPenalty",
            [n, 32, buffer, 0.5],
            float(overlong_penalty(torch.tensor(n), max_tokens=32, buffer_tokens=buffer, penalty=0.5)),
        )
        for n in (1, 16, 17, 24, 31, 32, 40)
        for buffer in (1, 4, 16)
    ),
    *(Case("keepGroup", [c, r, on], keeps(c, r, on)) for c in CORRECT for r in REWARDS for on in ("correct", "reward")),
    *(Case("groupAdvantages", [r], advantages(r)) for r in (*REWARDS, [0.3] * 7, [0.1, 0.9, 0.45])),
    *(Case("sampleStd", [r], float(torch.tensor(r, dtype=torch.float64).std())) for r in ([0.0, 1.0], noisy(0.1, 20))),
    *(
        Case(
            "labFilter", [noisy(s, b), [i < b for i in range(32)], size, t], lab(noisy(s, b), [i < b for i in range(32)], size, t)
        )
        for s in (0.0, 0.03, 0.1)
        for b in (0, 8, 16, 20, 32)
        for size in (32, 8)
        for t in (0.05, 0.2)
    ),
    *(Case("reading", [XS, YS, x], float(np.interp(x, XS, YS))) for x in (0, 1, 20, 41, 60.5, 300, 480, 900)),
]


def accuracy_at(label: str, axis: str, part: float) -> float:
    """In per cent, read off the shipped run at a place of the axis."""
    runs = curves()
    xs = {name: run[axis] for name, run in runs.items()}
    high, low = max(x[-1] for x in xs.values()), min(x[0] for x in xs.values())
    x = part * high if axis == "updates" else low * (high / low) ** part
    return 100 * float(np.interp(x, xs[label], runs[label]["accuracy"]))


def punished(s: dict) -> torch.Tensor:
    """The rewards of eight wrong answers."""
    lengths = torch.tensor([s[f"l{i}"] for i in range(1, 9)])
    return overlong_penalty(lengths, max_tokens=32, buffer_tokens=16, penalty=0.5)


DRAGS = [
    Drag("surface", "accuracy", (60, -40), "dead", lambda s: 100 * dead_groups(s["accuracy"], s["group"])["dead"]),
    Drag("surface", "accuracy", (-10, 70), "cost", lambda s: dead_groups(s["accuracy"], s["group"])["cost"]),
    Drag("batch", "generated", (-70, 0), "completions", lambda s: s["generated"] * s["group"]),
    Drag("views", "at", (-200, 0), "dapo", lambda s: accuracy_at("DAPO", s["axis"], s["at"])),
    Drag("filter", "l1", (0, -80), "largest", lambda s: float(group_advantages(punished(s)).abs().max())),
    Drag("filter", "l5", (0, 70), "reward_spread", lambda s: float(np.ptp(punished(s).numpy()))),
    Drag(
        "lab",
        "best",
        (500, 0),
        "alive",
        lambda s: f"{sum(lab([1.0] * 32, [i < s['best'] for i in range(32)], 32, 0.05)['perGroup'])} of 1",
    ),
]
