"""A history gives back what it was given, takes little memory for it, and can be read while it grows."""

import sys
import threading

import numpy as np
import pytest

from core.analysis.history import History
from core.engine.types import Distribution, StepRecord

SEEDS = (3, 4, 5)


def record(update: int, **metrics) -> StepRecord:
    return StepRecord(
        update, 1 + update // 4, np.arange(3) + update, update / 2, {n: np.asarray(v, float) for n, v in metrics.items()}
    )


def made(*records: StepRecord) -> History:
    history = History(SEEDS)
    for one in records:
        history.append(one)
    return history


RECORDS = (
    record(0, eval_accuracy=[0.1, 0.2, 0.3]),
    record(1, loss=[1.0, 1 / 3, np.pi], ratio_max=[np.nan, np.inf, 1e300]),
    record(2, loss=[2.0, np.nan, 0.0]),
    record(3, ratio_max=[np.nan] * 3),
)


def test_records_come_back_bit_for_bit_with_the_metrics_that_each_had():
    history = made(*RECORDS)
    for ours, theirs in zip(history.after(-1), RECORDS, strict=True):
        assert (ours.update, ours.rollout, ours.wall_seconds) == (theirs.update, theirs.rollout, theirs.wall_seconds)
        assert ours.samples_generated.tobytes() == theirs.samples_generated.tobytes()
        assert {n: v.tobytes() for n, v in ours.metrics.items()} == {n: v.tobytes() for n, v in theirs.metrics.items()}
    assert [r.update for r in history.after(1)] == [2, 3] and history.after(3) == history.after(9) == []
    np.testing.assert_array_equal(history.metric("loss"), [[np.nan] * 3, [1.0, 1 / 3, np.pi], [2.0, np.nan, 0.0], [np.nan] * 3])
    assert history.metric("unheard").shape == (4, 3) and np.isnan(history.metric("unheard")).all()
    assert history.values == 5 and history.trained == 3 and history.last_samples == [3, 4, 5]


def test_the_records_of_some_updates_are_those_of_all_that_lie_between():
    history = made(*RECORDS)
    every = history.after(-1)
    for after in range(-1, 4):
        for until in range(-1, 5):
            found = history.after(after, until)
            wanted = [r for r in every if after < r.update <= until]
            assert [(r.update, set(r.metrics)) for r in found] == [(r.update, set(r.metrics)) for r in wanted]


def test_what_was_given_away_or_taken_is_not_shared():
    values, history = np.ones(3), History(SEEDS)
    history.append(StepRecord(1, 1, np.zeros(3, int), 0.0, {"loss": values}))
    values[:] = 7
    for taken in (history.metric("loss"), history.after(0)[0].metrics["loss"], history.samples, history.updates):
        taken[:] = 9
    assert history.metric("loss").tolist() == [[1.0] * 3] and history.samples.tolist() == [[0] * 3]
    assert history.updates.tolist() == [1]


def test_a_snapshot_stays_and_can_go_its_own_way():
    history = made(*RECORDS[:2])
    copy = history.snapshot()
    history.append(RECORDS[2])
    copy.append(record(2, loss=[5.0] * 3))
    assert history.metric("loss")[2, 0] == 2.0 and copy.metric("loss")[2, 0] == 5.0
    assert len(history) == len(copy) == 3


def test_a_distribution_belongs_to_its_update():
    shares = Distribution(np.ones((3, 2), np.float32) / 2, np.ones((3, 2), np.float32) / 2)
    history = made(RECORDS[0], StepRecord(1, 1, np.zeros(3, int), 0.0, {}, shares), RECORDS[2])
    assert history.distributions() == [(1, shares)]
    assert [one.distribution for one in history.after(-1)] == [None, shares, None]
    early = made(RECORDS[0]).snapshot()
    assert early.distributions() == []


def test_columns_make_the_same_history_as_records():
    loss = np.array([[np.nan] * 3, [1.0, np.nan, 2.0]])
    history = History.of_columns(SEEDS, np.array([4, 8]), np.array([1, 2]), {"loss": loss, "empty": np.full((2, 3), np.nan)})
    assert [(r.update, r.rollout, set(r.metrics)) for r in history.after(-1)] == [(4, 1, set()), (8, 2, {"loss"})]
    np.testing.assert_array_equal(history.metric("loss"), loss)
    assert history.last_samples == [0, 0, 0]
    history.append(RECORDS[1])
    assert history.metric("loss")[2, 0] == 1.0


def test_two_histories_agree_up_to_the_first_difference():
    whole, other = made(*RECORDS), made(*RECORDS[:2], record(2, loss=[2.0, np.nan, 0.5]), RECORDS[3])
    assert whole.agrees(other, 2) and not whole.agrees(other, 3)
    assert whole.agrees(made(*RECORDS), 4) and not whole.agrees(made(*RECORDS[:3], record(3)), 4)


def test_what_is_read_while_another_thread_appends_is_a_whole_beginning():
    history, updates, wrong = History(SEEDS), 3000, []

    def append():
        for update in range(updates):
            history.append(record(update, loss=[update] * 3, **({"kl_base": [update] * 3} if update % 3 == 0 else {})))

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        thread = threading.Thread(target=append)
        thread.start()
        while thread.is_alive():
            seen = history.snapshot()
            if not np.array_equal(seen.metric("loss")[:, 0], seen.updates) or len(seen.updates) != len(seen):
                wrong.append(len(seen))
            tail = history.after(seen.last_update)
            wrong += [
                r.update for r in tail if r.metrics["loss"][0] != r.update or ("kl_base" in r.metrics) != (r.update % 3 == 0)
            ]
        thread.join()
    finally:
        sys.setswitchinterval(before)
    assert not wrong and len(history) == updates


@pytest.mark.parametrize("seeds", [4, 16])
def test_a_history_takes_little_more_than_its_numbers(seeds):
    """Six metrics per update: (8·R + 8)·6 + 8·R + 24 bytes, and up to a quarter more that it grows into."""
    history, updates = History(range(seeds)), 500
    for update in range(updates):
        metrics = {name: np.zeros(seeds) for name in ("loss", "grad_norm", "ratio_max", "a", "b", "c")}
        history.append(StepRecord(update, 1, np.zeros(seeds, int), 0.0, metrics))
    promised = ((8 * seeds + 8) * 6 + 8 * seeds + 24) * updates
    assert promised <= history.nbytes <= 1.3 * promised
