"""Overlong shaping."""

from __future__ import annotations

from dataclasses import replace

import torch

from core.data.recorded import lengths, treated
from core.engine.algorithms.advantages import group_advantages
from core.engine.algorithms.shaping import overlong_penalty
from core.engine.rollout import loss_mask, shaped_rewards
from core.engine.tasks import make_task
from core.settings.algorithm import GRPO
from tests.browser.learn import Case, Drag

LIMIT = 32
LENGTHS = lengths()
TASK = treated("soft").task
GROUP = [(8, True), (11, False), (17, True), (22, True), (24, False), (27, True), (34, True), (38, False)]
ANSWERS = [{"tokens": tokens, "right": right} for tokens, right in GROUP]
REWARDS = [[1, 0, 0, 1], [0, 0, 0], [0.5, -0.5, 1, 0.25, 0]]


def penalty(length: float, limit: int = LIMIT, buffer: int = 10, depth: float = 0.5) -> float:
    return float(overlong_penalty(torch.tensor(float(length)), max_tokens=limit, buffer_tokens=buffer, penalty=depth))


def overview(frame: dict, limit: int, buffer: int, depth: float) -> dict:
    """By weighting every single length."""
    shares = [*enumerate(frame["ended"], 1), (limit, frame["cut"])]
    given = [(share, length, penalty(length, limit, buffer, depth)) for length, share in shares]
    return {
        "length": sum(share * length for share, length, _ in given),
        "punished": sum(share for share, _, p in given if p < 0),
        "punishment": sum(share * p for share, _, p in given),
    }


def treat(limit: int, treatment: str, buffer: int, depth: float) -> dict:
    """The group through the functions that train."""
    algorithm = replace(GRPO, overlong=treatment, overlong_buffer_tokens=buffer, overlong_penalty=depth)
    task = make_task(replace(TASK, length_limit=limit))
    tokens, right = torch.tensor([t for t, _ in GROUP]), torch.tensor([r for _, r in GROUP])
    ended, lengths = tokens <= limit, tokens.clamp(max=limit)
    rewards = shaped_rewards(algorithm, task, (right & ended).double(), lengths)
    mask = loss_mask(algorithm, torch.arange(limit) < lengths[:, None], ended)
    return {
        "cut": (~ended).tolist(),
        "rewards": rewards.tolist(),
        "inLoss": mask.any(-1).tolist(),
        "advantages": group_advantages(rewards).tolist(),
    }


RAMPS = [(32, 10, 0.5), (32, 1, 1.0), (32, 32, 0.25), (20, 4, 0.5)]
FRAMES = [LENGTHS[name]["frames"][k] for name in ("none", "soft") for k in (0, 15, -1)]
GROUPS = [(limit, t, b, d) for limit in (12, 25, 34, 40) for t in ("none", "filter", "soft") for b, d in ((10, 0.5), (4, 1.0))]

CASES = [
    *(
        Case("punishment", [length, *ramp], penalty(length, *ramp))
        for length in (1, 20, 22, 23, 27, 31, 32, 40)
        for ramp in RAMPS
    ),
    *(Case("overview", [f, *ramp], overview(f, *ramp)) for f in FRAMES for ramp in RAMPS[:3]),
    *(Case("treat", [ANSWERS, *g], treat(*g), within=1e-5) for g in GROUPS),
    *(Case("advantages", [r], group_advantages(torch.tensor(r, dtype=torch.float64)).tolist()) for r in REWARDS),
]


def shown(state: dict) -> dict:
    frame = LENGTHS[state["run"]]["frames"][int(state["moment"])]
    return overview(frame, LIMIT, int(state["buffer"]), state["depth"])


DRAGS = [
    Drag("ramp", "buffer", (-120, 0), "punished", lambda s: 100 * shown(s)["punished"]),
    Drag("ramp", "depth", (0, 50), "punishment", lambda s: shown(s)["punishment"]),
    Drag("group", "limit", (0, 60), "cut", lambda s: sum(treat(int(s["limit"]), "none", 10, 0.5)["cut"])),
    Drag("group", "limit", (0, -40), "mean", lambda s: sum(treat(int(s["limit"]), "none", 10, 0.5)["rewards"]) / len(GROUP)),
]
