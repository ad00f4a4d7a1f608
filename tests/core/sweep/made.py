"""Small grids, and an executor that trains in this thread and can lose what it is given."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from core.settings.algorithm import DAPO, GRPO
from core.settings.scenario import Scenario
from core.sweep.executor import ShardOutcome
from core.sweep.grid import Grid, make_grid
from core.sweep.plan import Shard
from core.sweep.work import train_texts
from tests.support import CHAIN, small_run

RUN = small_run(CHAIN, GRPO, replicas=8, num_prompts=16, group_size=4)  # sizes that may be merged: core.engine.merging
SCENARIO = Scenario("tiny", "Tiny", "Nothing.", "Nothing.", RUN, {"GRPO": GRPO, "DAPO": DAPO})
RATES = "learning_rate=1e-3:1e-1:log3"
EPS = "algorithm.eps_high=0.1,0.28"


def grid_of(*specs: str, **counts: int) -> Grid:
    return make_grid(SCENARIO, SCENARIO.runs(**counts), specs or (RATES, EPS))


@cache
def trained(texts: tuple[str, ...]) -> list[bytes]:
    """The numbers of a shard, which are the same in every test that has the same shard: it is trained by the first."""
    return train_texts(texts)


class Inline:
    """Shards are trained one by one when they are asked for. `lose(shard)` True: its worker is lost."""

    name, workers = "this thread", 2

    def __init__(self, lose: Callable[[Shard], bool] = lambda shard: False):
        self.shards: list[Shard] = []
        self._lose, self._waiting = lose, []

    def submit(self, shard: Shard) -> None:
        self._waiting.append(shard)

    def collect(self, timeout: float) -> list[ShardOutcome]:
        if not self._waiting:
            return []
        shard = self._waiting.pop(0)
        if self._lose(shard):
            return [ShardOutcome(shard, error="its worker was lost", lost=True)]
        self.shards.append(shard)
        return [ShardOutcome(shard, trained(tuple(shard.texts)), 0.5)]

    def close(self) -> None:
        self._waiting.clear()

    def __enter__(self):
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
