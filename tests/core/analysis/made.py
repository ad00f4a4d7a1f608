"""Results of a few updates, for the tests of the charts."""

import functools
import math

import numpy as np

from core.analysis.charts import all_charts
from core.analysis.charts.chart import Chart
from core.analysis.history import History
from core.analysis.result import RunResult
from core.data.comparison import SHIPPED_COMPARISON
from core.engine.tasks import TaskConfig
from core.engine.types import Distribution, StepRecord
from core.settings.algorithm import GRPO
from core.settings.run import RunConfig
from core.settings.task import ChainConfig

NAN = math.nan
T_975 = {2: 4.30265}  # Student's t, 97.5 %, from a printed table


def record(update: int, rollout: int, distribution: Distribution | None = None, **metrics) -> StepRecord:
    values = {name: np.array(value, dtype=float) for name, value in metrics.items()}
    width = len(next(iter(values.values())))
    return StepRecord(update, rollout, np.full(width, 64 * rollout), 0.5 * update, values, distribution)


def result(*records: StepRecord, task: TaskConfig | None = None, algorithm=GRPO) -> RunResult:
    replicas = len(records[0].samples_generated) if records else 2
    config = RunConfig(task=task or ChainConfig(step_tokens=3), algorithm=algorithm, replicas=replicas)
    history = History(config.seeds)
    for one in records:
        history.append(one)
    return RunResult(config, history)


def distribution(*rows: list[float]) -> Distribution:
    table = np.array(rows, dtype=np.float32)
    return Distribution(table, -np.sort(-table, axis=1))


def by_name(charts) -> dict:
    return {chart.words.name: chart for chart in charts}


@functools.cache
def shipped_charts() -> list[Chart]:
    """All charts of the shipped comparison, once for all tests that look at them."""
    return all_charts(SHIPPED_COMPARISON.results)
