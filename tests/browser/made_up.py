"""Runs that were never trained, for the harness and for whoever must know what it shows."""

from functools import cache

import numpy as np

from core.analysis.history import History
from core.engine.types import StepRecord

UPDATES, SEEDS, PER_ROLLOUT = 6000, 16, 8


@cache
def made_up_runs() -> dict[str, list[StepRecord]]:
    """GRPO's entropy collapses and its gradient vanishes; DAPO holds. The metrics have the levels that the trainer gives them."""
    rng = np.random.default_rng(0)
    return {"GRPO": made_up(rng, decay=60.0, floor=0.04, waste=1), "DAPO": made_up(rng, decay=400.0, floor=0.62, waste=2)}


def made_up(rng: np.random.Generator, *, decay: float, floor: float, waste: int) -> list[StepRecord]:
    records = []
    drift = rng.normal(0, 0.06, SEEDS)
    for update in range(1, UPDATES + 1):
        rollout = (update - 1) // PER_ROLLOUT + 1
        left = floor + (1 - floor) * np.exp(-update / decay)
        noise = rng.normal(0, 1, (7, SEEDS))
        metrics = {"grad_norm": np.exp(0.25 * noise[0]) * 1.4 * left**4 + 1e-5}
        if update % PER_ROLLOUT == 1:
            learned = 0.75 - 0.45 * left + drift
            wrong = np.clip(0.1 + 0.35 * (1 - left) + 0.03 * noise[1], 0, 1)
            right = np.clip((1 - wrong) * (1 - left) * 0.9 + 0.02 * noise[2], 0, 1 - wrong)
            metrics |= {
                "entropy_nats": 1.9 * left * np.exp(0.04 * noise[3] + drift),
                "reward_mean": learned + 0.04 * noise[4],
                "filter_ratio": wrong + right if waste > 1 else np.zeros(SEEDS),
                "all_wrong_fraction": wrong,
                "all_right_fraction": right,
            }
            if rollout % 3 == 1:
                metrics["eval_accuracy"] = np.clip(learned + 0.03 * noise[5], 0, 1)
        records.append(StepRecord(update, rollout, np.full(SEEDS, rollout * 512 * waste), 0.021 * update, metrics))
    return records


def histories(done: int) -> dict[str, History]:
    """The first `done` updates of each."""
    out = {}
    for label, records in made_up_runs().items():
        out[label] = History(range(SEEDS))
        for record in records[:done]:
            out[label].append(record)
    return out
