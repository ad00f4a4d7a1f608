"""Train the algorithms of a comparison in the foreground, one thread each, and return what each of them measured, also after a failure."""

from __future__ import annotations

import os
import signal
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from core.analysis.history import History
from core.analysis.result import RunResult, Status
from core.engine.trainer import train
from core.runs.memory import bound_heap
from core.settings.run import RunConfig

OnProgress = Callable[[str, str, int, int], None]  # (label, stage, done, total); stage is "base model", "replay" or "training"


def heed_interrupts() -> None:
    """Ctrl-C and `kill -INT` end the program, also if whoever started it ignores them: `nohup … &` and some CI systems do, and a program
    inherits that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def run_all(
    runs: dict[str, RunConfig],
    *,
    should_stop: Callable[[], bool] = lambda: False,
    on_progress: OnProgress | None = None,
    workers: int | None = None,
) -> dict[str, RunResult]:
    """Train every run, at most `workers` (default: number of cores) at a time. A run that fails is kept with its message; the others
    go on. Each run has its own random streams, so the results do not depend on `workers`. An exception in the caller's thread, such as
    KeyboardInterrupt, ends every run at its next update."""
    bound_heap()
    lock, left = threading.Lock(), threading.Event()

    def report(label: str, stage: str, done: int, total: int) -> None:
        if on_progress is not None:
            with lock:
                on_progress(label, stage, done, total)

    def work(label: str) -> RunResult:
        return run_one(
            runs[label],
            should_stop=lambda: left.is_set() or should_stop(),
            on_progress=lambda stage, done, total: report(label, stage, done, total),
        )

    with ThreadPoolExecutor(max_workers=workers or os.cpu_count() or 1) as pool:
        try:
            return dict(zip(runs, pool.map(work, runs), strict=True))
        except BaseException:
            left.set()  # or the pool would wait for the runs to come to their end
            raise


def run_one(
    config: RunConfig,
    *,
    should_stop: Callable[[], bool] = lambda: False,
    on_progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> RunResult:
    """Train one run to its end, to a stop, or to its failure."""
    result = RunResult(config, History(config.seeds))

    try:
        if not should_stop():
            for record in train(config, should_stop=should_stop, on_prepare=on_progress):
                result.history.append(record)
                on_progress("training", record.update, config.expected_updates(record.update, record.samples_generated.tolist()))
        if not config.is_over(result.history.last_update, result.history.last_samples):
            result.status = Status.STOPPED
    except Exception as error:  # the one place that catches: a failed run is a result, with everything before it kept
        result.status, result.error, result.traceback = Status.FAILED, str(error) or type(error).__name__, traceback.format_exc()
    return result
