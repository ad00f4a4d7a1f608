"""What the tests of training share: the records of a run, and whether two runs gave the same ones."""

import numpy as np
import pytest

from core.engine.trainer import train
from core.engine.types import StepRecord
from core.settings.algorithm import DAPO, GRPO
from core.settings.run import RunConfig
from tests.support import ARITHMETIC, BANDIT, CHAIN

TASKS = pytest.mark.parametrize("task", [CHAIN, BANDIT, ARITHMETIC], ids=["chain", "bandit", "arithmetic"])
ALGORITHMS = pytest.mark.parametrize("algorithm", [GRPO, DAPO], ids=["GRPO", "DAPO"])


def records(config: RunConfig, **options) -> list[StepRecord]:
    """Those of the updates."""
    return [record for record in train(config, **options) if record.update]


def assert_same(found: list[StepRecord], expected: list[StepRecord], *, rtol: float = 0.0, rows=slice(None)) -> None:
    """The same records but for wall_seconds; `rows` picks the replicas of `found`. With rtol 0: bit for bit."""
    assert len(found) == len(expected) > 0
    for one, other in zip(found, expected, strict=True):
        assert (one.update, one.rollout) == (other.update, other.rollout)
        assert one.samples_generated[rows].tolist() == other.samples_generated.tolist()
        assert set(one.metrics) == set(other.metrics)
        for name, values in other.metrics.items():
            np.testing.assert_allclose(
                one.metrics[name][rows],
                values,
                rtol=rtol,
                atol=rtol / 10,
                equal_nan=True,
                err_msg=f"{name} at update {one.update}",
            )
        assert (one.distribution is None) == (other.distribution is None)
        if other.distribution is not None:
            for name in ("token_probs", "rank_probs"):
                ours, theirs = (getattr(r.distribution, name) for r in (one, other))
                np.testing.assert_allclose(ours[rows], theirs, rtol=rtol, atol=rtol / 10, err_msg=f"{name} at {one.update}")


def series(found: list[StepRecord], name: str) -> np.ndarray:
    """(updates at which it was measured, R)."""
    return np.stack([r.metrics[name] for r in found if name in r.metrics])
