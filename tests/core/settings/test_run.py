"""What a run's budget comes to: updates, or samples of each seed."""

import pytest

from core.settings.algorithm import GRPO
from tests.support import CHAIN, small_run


def test_a_budget_of_samples_is_spent_at_the_end_of_a_rollout_and_no_later_than_one_round_each_would_take():
    # 4 prompts x 5 completions are 20 samples a round, 2 updates a rollout: 150 samples take 8 rounds, 16 updates at most.
    config = small_run(CHAIN, GRPO, samples=150)
    assert (config.most_updates, config.rollouts) == (16, 8)
    assert not config.is_over(14, [140, 160, 150])  # one seed has samples left
    assert not config.is_over(15, [160, 160, 150])  # in the middle of a rollout
    assert config.is_over(16, [160, 160, 150])


@pytest.mark.parametrize(
    ("update", "samples", "expected"),
    [
        (0, [0, 0, 0], 16),  # nothing is known yet: at most
        (4, [60, 80, 100], 8),  # 80 of 150 samples in 4 updates: 7.5, whole rollouts
        (6, [140, 150, 400], 8),  # seeds that are done count as done: 440 of 450, one rollout more
        (8, [150, 150, 160], 8),
    ],
)
def test_how_long_a_budget_of_samples_lasts_is_told_from_the_pace_until_now(update, samples, expected):
    assert small_run(CHAIN, GRPO, samples=150).expected_updates(update, samples) == expected
