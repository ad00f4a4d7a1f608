"""Events in words: collapsed or solved, vanished or never there, and what the groups without signal were."""

from dataclasses import replace

import numpy as np
import pytest

from core.analysis.events import events
from core.analysis.history import History
from core.engine.types import StepRecord
from pages.shared.common.series import EventWatch, find_events

SEEDS = 4


def run(length=100, *, every=8, **late) -> History:
    """Entropy, gradient, accuracy and groups of SEEDS seeds, as the first 40 updates have them; from update 41 on those in `late`, a number
    or one per seed. What belongs to a rollout stands at its first update, every `every` updates."""
    first = {"entropy_nats": 2.0, "grad_norm": 1.0, "accuracy": 0.3, "all_wrong_fraction": 0.2, "all_right_fraction": 0.1}
    out = History(range(SEEDS))
    for update in range(1, length + 1):
        now = first | (late if update > 40 else {})
        metrics = {name: np.broadcast_to(np.asarray(value, dtype=float), SEEDS) for name, value in now.items()}
        if update % every != 1:
            metrics = {"grad_norm": metrics["grad_norm"]}
        out.append(StepRecord(update, 1 + (update - 1) // every, np.full(SEEDS, update), 0.0, metrics))
    return out


def without_gradient(record: StepRecord, **others: np.ndarray) -> StepRecord:
    return replace(record, metrics=record.metrics | {"grad_norm": np.zeros(SEEDS)} | others)


def told(history: History) -> list[str]:
    assert [event["text"] for event in find_events({"A": history})] == [f"A: {event.text}" for event in events(history)]
    return [event.text for event in events(history)]


def test_low_entropy_is_a_collapse_where_prompts_are_not_solved():
    assert told(run(entropy_nats=0.1)) == ["entropy collapsed"]
    assert told(run(entropy_nats=[0.1, 0.1, 0.1, 1.9])) == ["entropy collapsed in 3 of 4 seeds"]


def test_low_entropy_is_no_collapse_where_prompts_are_solved():
    late = {
        "accuracy": [1.0, 1.0, 0.95, 0.2],
        "all_right_fraction": [0.9, 0.9, 0.9, 0.0],
        "all_wrong_fraction": [0.0, 0.0, 0.0, 0.9],
    }
    assert told(run(entropy_nats=0.1, **late)) == ["prompts solved in 3 of 4 seeds, entropy low"]
    late["accuracy"] = [1.0, 0.4, 0.4, 0.2]
    assert told(run(entropy_nats=0.1, **late)) == ["entropy collapsed in 3 of 4 seeds"]


def test_low_entropy_is_no_collapse_where_the_seeds_still_learn():
    """Every update has a gradient; what is right rises in some seeds, or in none."""
    for better, text in (
        ([1, 1, 1, 0], "still learning in 3 of 4 seeds, entropy low"),
        ([1, 0, 0, 0], "entropy collapsed in 3 of 4 seeds"),
    ):
        history = History(range(SEEDS))
        for record in run(length=200, every=4, entropy_nats=0.1).after(-1):
            if "accuracy" in record.metrics:
                record.metrics["accuracy"] = 0.3 + 0.002 * record.update * np.array(better)
            history.append(record)
        assert told(history) == [text]


@pytest.mark.parametrize(
    ("late", "text"),
    [
        ({"all_wrong_fraction": 0.9, "all_right_fraction": 0.05}, "gradient vanished, groups all wrong"),
        ({"all_wrong_fraction": 0.2, "all_right_fraction": 0.7}, "gradient vanished, groups all right"),
        ({"accuracy": 0.97, "all_wrong_fraction": 0.0, "all_right_fraction": 0.95}, "gradient vanished, prompts solved"),
        ({"all_wrong_fraction": 0.3, "all_right_fraction": 0.3}, "gradient vanished"),
    ],
)
def test_a_vanished_gradient_says_what_the_groups_were(late, text):
    assert told(run(grad_norm=1e-4, **late)) == [text]


def test_a_gradient_that_never_was_has_not_vanished():
    history = History(range(SEEDS))
    for record in run(length=40).after(-1):
        wrong = {"all_wrong_fraction": np.full(SEEDS, 0.98)} if "accuracy" in record.metrics else {}
        history.append(without_gradient(record, **wrong))
    assert told(history) == ["never had a gradient, groups all wrong"]
    assert events(history)[0].update == 32


def test_what_began_without_a_gradient_and_found_one_is_no_event():
    watch, growing, seen = EventWatch(), History(range(SEEDS)), []
    for record in run(length=60, grad_norm=1.0).after(-1):
        growing.append(without_gradient(record) if record.update <= 40 else record)
        seen.append(bool(watch.look({"A": growing})))
    assert seen[31:40] == [True] * 9 and not any(seen[:31] + seen[40:])
    assert told(growing) == []


def test_a_rollout_that_is_longer_than_the_window_is_looked_at_from_its_beginning():
    late = {"all_wrong_fraction": 0.9, "all_right_fraction": 0.0}
    assert told(run(length=200, every=64, grad_norm=1e-4, **late)) == ["gradient vanished, groups all wrong"]


def test_what_was_not_measured_is_not_told():
    bare = History(range(SEEDS))
    for record in run(entropy_nats=0.1, grad_norm=1e-4).after(-1):
        kept = {name: record.metrics[name] for name in ("entropy_nats", "grad_norm") if name in record.metrics}
        bare.append(StepRecord(record.update, record.rollout, record.samples_generated, 0.0, kept))
    assert told(bare) == ["entropy collapsed", "gradient vanished"]
