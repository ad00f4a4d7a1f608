"""Results of ladders whose numbers are known beforehand."""

import numpy as np

from core.analysis.history import History
from core.analysis.result import RunResult
from core.data.dataset import trained
from core.engine.types import StepRecord
from core.ladder import ladder_runs, rungs
from core.ladder.rungs import SCENARIO
from core.settings.run import RunConfig
from core.settings.scenarios import SCENARIOS

LADDER = SCENARIOS[SCENARIO]

OURS = [rung.label for rung in rungs("ours", LADDER)]


def history(scores, samples_each) -> History:
    """Ten updates of as many seeds as `scores` has rows; a row is (first, last), and the score goes there in a straight line."""
    out = History(range(len(scores)))
    for update in range(1, 11):
        at = (update - 1) / 9
        values = np.array([first + (last - first) * at for first, last in scores])
        metrics = {"eval_accuracy": values, "entropy_nats": np.full(len(scores), 2.0 / update), "grad_norm": values * 0 + 0.5}
        out.append(StepRecord(update, 1, np.full(len(scores), samples_each * update), 0.0, metrics))
    return out


def results(**changes) -> dict[str, RunResult]:
    """The five rungs of our order with three seeds; the third brings 0.2 per update and generates four times the samples."""
    configs = ladder_runs(LADDER, ("ours",), updates=10, replicas=3)
    flat, better = [(0.3, 0.3), (0.4, 0.4), (0.5, 0.5)], [(0.0, 0.5), (0.0, 0.6), (0.0, 0.7)]
    made = {OURS[0]: history(flat, 10), OURS[1]: history(flat, 10), OURS[2]: history(better, 40), OURS[3]: history(better, 40)}
    made |= {OURS[4]: history([(0.6, 0.6)] * 3, 20)}
    return {label: RunResult(configs[label], changes.get(label, h)) for label, h in made.items()}


def all_trained(monkeypatch, name: str) -> dict[RunConfig, History]:
    """Settings -> the whole history of each run that the function `name` (a `trained` of what is shipped) trains from now on."""
    histories = {}

    def kept(config: RunConfig) -> History:
        histories[config] = trained(config)
        return histories[config]

    monkeypatch.setattr(name, kept)
    return histories


def whole_runs(runs: dict[str, RunConfig], histories: dict[RunConfig, History]) -> dict[str, RunResult]:
    """These runs as they were trained, with everything that was measured."""
    return {label: RunResult(config, histories[config]) for label, config in runs.items()}
