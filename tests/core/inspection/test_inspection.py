"""Looking inside a step: what is shown is what was trained, to the last bit, and adds up to the metrics of the run."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.analysis.history import History
from core.engine.checkpoints import Checkpoints
from core.engine.trainer import train
from core.inspection.step import apart, check_against, inspect_step
from core.inspection.treatment import CLIPPED_HIGH, CLIPPED_LOW, treat
from core.settings.algorithm import DAPO, GRPO
from core.settings.fields import ConfigError
from core.settings.overrides import apply_overrides
from core.settings.run import Fork
from core.settings.scenarios import SCENARIOS
from tests.support import mostly_thorough


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


CASES = {
    "chain, refill": ("collapse", "DAPO", ["task.noise=0.1", "DAPO.max_rounds=4"]),
    "chain, off": ("collapse", "GRPO", ["task.flip_probability=0.1"]),
    "bandit": ("clip-higher-helps", "eps_high 0.28", []),
    "gpt": ("addition", "DAPO", ["updates_per_rollout=4"]),
    "filter of the lab": ("lab-repaired", "DAPO", []),
    "long completions": ("length-runaway", "Token mean + overlong", []),
    "truncated left out": ("length-runaway", "Token mean", ["Token mean.overlong=filter"]),
    "micro-batches": ("collapse", "GRPO", ["micro_batch_prompts=1"]),
}


def run_of(case: str, updates: int = 24):
    scenario, label, settings = CASES[case]
    runs = SCENARIOS[scenario].runs(updates=updates, replicas=3, first_seed=5)
    return apply_overrides(runs, settings)[label]


@pytest.mark.parametrize("case", mostly_thorough(CASES, "gpt".__ne__))
def test_a_step_is_the_one_that_was_trained(case):
    config = run_of(case)
    records = [record for record in train(config) if record.update]
    checkpoints = Checkpoints()
    for update in (1, 2, 9, 16, 24):
        step = inspect_step(config, 6, update, checkpoints=checkpoints)
        trained = records[update - 1]
        assert step.record.metrics.keys() == trained.metrics.keys()
        assert all(np.array_equal(step.record.metrics[n][0], trained.metrics[n][1], equal_nan=True) for n in trained.metrics)
        seen = treat(step)
        tokens = seen.trained.sum()
        expected = trained.metrics["clip_fraction_high"][1], trained.metrics["clip_fraction_low"][1]
        if tokens:
            assert ((seen.clipped == CLIPPED_HIGH).sum() / tokens, (seen.clipped == CLIPPED_LOW).sum() / tokens) == pytest.approx(
                expected
            )
            assert seen.ratio[seen.trained].max() == pytest.approx(trained.metrics["ratio_max"][1], rel=1e-5)
            if not config.algorithm.entropy_coef:
                assert seen.loss == pytest.approx(trained.metrics["loss"][1], abs=1e-6)


@pytest.mark.parametrize("case", mostly_thorough(CASES, "gpt".__ne__))
def test_groups_and_slots_add_up_to_the_metrics_of_the_rollout(case):
    config = run_of(case)
    step = inspect_step(config, 5, config.effective_updates_per_rollout + 1)  # the first update of the second rollout
    metrics = {name: values[0] for name, values in step.record.metrics.items()}
    kinds = [g.kind for g in step.groups]
    assert kinds.count("all wrong") / len(kinds) == pytest.approx(metrics["all_wrong_fraction"])
    assert sum(not g.kept for g in step.groups) / len(kinds) == pytest.approx(metrics["filter_ratio"])
    assert np.mean([g.rewards for g in step.groups]) == pytest.approx(metrics["reward_mean"])
    assert np.mean([g.lengths for g in step.groups]) == pytest.approx(metrics["completion_tokens_mean"])
    assert max(g.round for g in step.groups) == metrics["generation_rounds"]
    for group in step.groups:
        if group.slot is not None:
            assert step.batch.prompts[0, group.slot] == group.prompt
            assert np.array_equal(step.batch.correct[0, group.slot], group.correct)
            assert np.array_equal(step.batch.rewards[0, group.slot].numpy(), group.rewards)
            assert np.array_equal(step.unshaped[0, group.slot].numpy(), group.unshaped)
            assert np.array_equal(step.lengths[0, group.slot].numpy(), group.lengths)
    live = int(step.batch.live.sum())
    assert live == sum(g.kept and g.slot is not None for g in step.groups)


def test_noise_and_shaping_are_told_apart():
    config = run_of("long completions")
    config = replace(config, task=replace(config.task, noise=0.3))
    groups = inspect_step(config, 5, 1).groups
    rewards = {name: np.concatenate([getattr(g, name) for g in groups]) for name in ("noiseless", "unshaped", "rewards")}
    assert set(np.unique(rewards["noiseless"])) <= {0.0, 1.0}
    assert 0.2 < (rewards["unshaped"] - rewards["noiseless"]).std() < 0.4
    assert (rewards["rewards"] <= rewards["unshaped"]).all() and (rewards["rewards"] < rewards["unshaped"]).any()


def test_weights_of_a_mean_add_up_and_pull_has_the_sign_of_the_advantage():
    step = inspect_step(run_of("long completions"), 5, 3)
    for aggregation in ("token_mean", "sequence_mean"):
        seen = treat(step, replace(GRPO, loss_aggregation=aggregation))
        assert seen.weight[seen.trained].sum() == pytest.approx(1, abs=1e-5)
        assert not seen.weight[~seen.trained].any() and not seen.pull[~seen.trained].any()
        signs = np.sign(seen.advantages)[..., None] * seen.trained
        assert (np.sign(seen.pull) * signs >= 0).all()
        assert seen.share.sum() == pytest.approx(1, abs=1e-5)
    lengths = seen.trained.sum(-1)
    per_sequence = seen.weight.sum(-1)[lengths > 0]
    assert np.allclose(per_sequence, per_sequence[0])  # sequence mean: a long completion weighs what a short one does


def test_a_clipped_token_pulls_no_more():
    config = replace(run_of("bandit"), learning_rate=0.05)
    step = inspect_step(config, 5, 8)
    seen = treat(step)
    assert (seen.clipped != 0).any()
    assert not seen.pull[seen.clipped != 0].any()


def test_the_other_algorithm_meets_the_same_batch():
    config = run_of("chain, off", updates=64)
    step = inspect_step(config, 5, 60)
    own, other = treat(step), treat(step, DAPO)
    mixed = np.array([next(g.kind == "mixed" for g in step.groups if g.slot == slot) for slot in range(len(own.kept))])
    assert own.kept.all() and (other.kept == mixed).all() and not mixed.all()
    assert not other.pull[~mixed].any()
    assert np.allclose(other.ratio, own.ratio, equal_nan=True)
    back = treat(step, replace(config.algorithm))
    assert back.loss == own.loss


def test_the_labs_ratio_has_no_pull_at_all():
    runs = SCENARIOS["lab"].runs(updates=4, replicas=2, first_seed=0)
    step = inspect_step(runs["GRPO"], 0, 2)
    assert not treat(step).pull.any()
    repaired = replace(step.config.algorithm, defects=("single_update", "whole_batch_filter"))
    assert treat(step, repaired).pull.any()


def test_a_step_of_a_fork():
    base = run_of("chain, off")
    fork = replace(base, algorithm=DAPO, fork=Fork(run=base, update=8))
    records = list(train(fork))
    step = inspect_step(fork, 7, 10)
    assert step.record.metrics["grad_norm"][0] == records[1].metrics["grad_norm"][2]
    with pytest.raises(ConfigError, match="update must be between 9 and 24, got 8"):
        inspect_step(fork, 7, 8)


@pytest.mark.parametrize(
    ("seed", "update", "said"), [(4, 1, "seed must be"), (5, 0, "got 0, the untrained policy"), (5, 25, "update must be")]
)
def test_what_is_not_there_is_said(seed, update, said):
    with pytest.raises(ConfigError, match=said):
        inspect_step(run_of("chain, off"), seed, update)


def test_a_replay_that_is_not_the_stored_run_is_noticed():
    config = run_of("chain, off")
    history = History(config.seeds)
    for record in train(config):
        history.append(record)
    step = inspect_step(config, 6, 12)
    assert check_against(step, history) == ""
    another = replace(config, learning_rate=0.0011)
    assert "is not exactly the stored run" in check_against(inspect_step(another, 6, 12), history)
    assert "has not measured" in check_against(step, History(config.seeds))


def test_checkpoints_change_nothing_and_make_later_looks_shorter():
    config = run_of("chain, refill", updates=64)
    said = []
    checkpoints = Checkpoints()
    first = inspect_step(config, 5, 60, checkpoints=checkpoints, on_prepare=lambda *p: said.append(p))
    count = len(said)
    second = inspect_step(config, 5, 61, checkpoints=checkpoints, on_prepare=lambda *p: said.append(p))
    assert count == 56 and len(said) == count
    assert torch.equal(first.batch.tokens, second.batch.tokens) and second.update == 61


def test_a_difference_that_nobody_can_see_is_none_and_any_other_is_shown_with_digits_that_differ():
    config = run_of("chain, off")
    step = inspect_step(config, 6, 12)

    def said(**changed: float) -> str:
        history = History(config.seeds)
        metrics = {name: np.repeat(value, 3) for name, value in (step.record.metrics | changed).items()}
        history.append(replace(step.record, samples_generated=np.zeros(3, int), metrics=metrics))
        return check_against(step, history)

    ratio, loss = (float(step.record.metrics[name][0]) for name in ("ratio_max", "loss"))
    assert said(ratio_max=ratio * (1 + 2e-7), loss=loss + 3e-8) == ""  # the last digit of single precision
    assert said(ratio_max=ratio * 1.0005) == ""
    text = said(ratio_max=ratio * 1.002)
    assert text.startswith("This is not exactly the stored run: ratio_max is ")
    here, there = text.removeprefix("This is not exactly the stored run: ratio_max is ").split(" there.")[0].split(" here and ")
    assert here != there and float(here) == pytest.approx(ratio, rel=0.005)
    assert "grad_norm is" in said(grad_norm=float("nan")) and "here and nothing there" in said(grad_norm=float("nan"))


@pytest.mark.parametrize(("one", "other", "texts"), [
    (1.0, 1.0014, ("1", "1.001")), (0.123456, 0.1239, ("0.123", "0.124")), (2.0, float("nan"), ("2", "nothing"))])  # fmt: skip
def test_two_numbers_are_told_apart_by_the_fewest_digits_that_do(one, other, texts):
    assert apart(one, other) == texts


def test_a_step_of_a_fork_whose_rollouts_have_another_length():
    """The original's rollouts end at 8, 16, …; those of the fork at 8 + 4, …; those of its own fork at 12 + 16."""
    base = replace(run_of("chain, off"), num_prompts=16)
    fork = replace(base, updates_per_rollout=4, updates=24, fork=Fork(run=base, update=8))
    again = replace(fork, updates_per_rollout=16, updates=40, fork=Fork(run=fork, update=12))
    for config in (fork, again):
        checkpoints = Checkpoints()
        records = {record.update: record for record in train(config, checkpoints=checkpoints)}
        assert list(records) == list(range(config.start + 1, config.updates + 1))
        for update in (config.start + 1, config.start + 2, config.start + 5, config.updates - 9, config.updates):
            for known in (None, checkpoints):
                step = inspect_step(config, 6, update, checkpoints=known)
                trained = records[update].metrics
                assert step.record.rollout == records[update].rollout
                assert {n: v[0] for n, v in step.record.metrics.items()} == pytest.approx(
                    {n: v[1] for n, v in trained.items()}, nan_ok=True
                )
                treated = treat(step)
                assert (treated.clipped == CLIPPED_HIGH).sum() / treated.trained.sum() == pytest.approx(
                    trained["clip_fraction_high"][1]
                )


def test_a_fork_of_a_fork_begins_at_the_end_of_one_of_its_rollouts():
    base = run_of("chain, off")
    fork = replace(base, updates_per_rollout=4, fork=Fork(run=base, update=8))
    long = replace(base, updates_per_rollout=16, updates=60, fork=Fork(run=base, update=8))
    assert replace(fork, fork=Fork(run=fork, update=12)).start == 12
    assert replace(long, fork=Fork(run=long, update=24)).start == 24  # 8 + 16
    with pytest.raises(
        ConfigError, match=r"fork.update must be 8 plus a multiple of updates_per_rollout = 16 between 24 and 56, got 16"
    ):
        replace(long, fork=Fork(run=long, update=16))
