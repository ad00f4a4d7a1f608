"""The group size is read off the steps in which a log's values are quantised."""

import numpy as np
import pytest

from core.diagnosis import diagnose, told
from core.diagnosis.group_size import GroupSize, infer_group_size
from tests.core.diagnosis.made import ROWS, run

RANDOM = np.random.default_rng(3)


def drawn(groups: int, size: int, chance: float = 0.4) -> dict[str, np.ndarray]:
    """What a trainer logs of 0/1 rewards of so many groups per row."""
    rewards = (RANDOM.random((ROWS, groups, size)) < chance).astype(float)
    deviations = rewards.std(axis=2, ddof=1)
    return {
        "reward_mean": rewards.mean(axis=(1, 2)), "reward_std": deviations.mean(axis=1),
        "zero_std_fraction": (deviations == 0).mean(axis=1),
    }  # fmt: skip


@pytest.mark.parametrize(("groups", "size"), [(8, 4), (16, 8), (12, 16)])
@pytest.mark.parametrize("decimals", [4, 12])
def test_means_and_shares_tell_it(groups, size, decimals):
    logged = {name: np.round(values, decimals) for name, values in drawn(groups, size, chance=0.85).items()}
    found = infer_group_size(run(**logged))
    assert (found.size, found.how, found.groups, found.completions) == (size, "means", groups, groups * size)


@pytest.mark.parametrize("size", [2, 3])
def test_deviations_of_groups_of_two_and_three_tell_it_without_a_share(size):
    logged = {name: np.round(values, 4) for name, values in drawn(4, size).items()}
    assert infer_group_size(run(**logged, without=("zero_std_fraction",))).size == size


def test_larger_groups_have_more_deviations_than_can_be_told():
    assert infer_group_size(run(**drawn(4, 8), without=("zero_std_fraction",))) is None


def test_a_logged_column_is_taken_and_values_without_steps_tell_nothing():
    assert infer_group_size(run()) is None
    assert infer_group_size(run(others={"train/num_generations": np.full(ROWS, 8.0)})) == GroupSize(
        8, "logged", "train/num_generations"
    )


def test_the_sentence_says_how_it_is_known_and_what_groups_of_that_size_would_have():
    (finding,) = [f for f in diagnose(run(**drawn(8, 2))) if f.kind == "no_signal"]
    seen = told(finding).seen
    assert (
        "A prompt has 2 answers: reward_mean moves in steps of 1/16, and the share of groups without signal in steps of 1/8."
        in seen
    )
    assert "Groups of 2 would be without signal in 5" in seen  # 0.4^2 + 0.6^2 = 0.52
