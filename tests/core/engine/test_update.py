"""The updates are those of plain PyTorch, do nothing under the lab's defects, and say where they diverge."""

import math
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch
from torch import Tensor

from core.engine import update
from core.engine.policies import Parameters, make_policy
from core.engine.policies.mlp import MLPPolicy
from core.engine.rng import ReplicaStreams
from core.engine.rollout import RolloutCollector
from core.engine.tasks import make_task
from core.engine.tasks.chain import Chain
from core.engine.trainer import train
from core.engine.types import TrainingDiverged
from core.settings.algorithm import DAPO, GRPO
from core.settings.run import RunConfig
from tests.core.engine.records import assert_same, records, series
from tests.core.engine.torch_adam import TorchAdam
from tests.support import BANDIT, CHAIN, small_run


def plain_loss(config: RunConfig, batch, scores, base: Tensor | None, slots: range) -> Tensor:
    """The loss of one replica's minibatch, with one completion after the other."""
    algorithm, total, tokens, sequences = config.algorithm, 0.0, 0, 0
    for b in slots:
        if not batch.live[0, b]:
            continue
        rewards = batch.rewards[0, b]
        std = rewards.std() if algorithm.normalize_std else 1 - 1e-6
        for g in range(config.group_size):
            length = int(batch.mask[0, b, g].sum())
            advantage = (rewards[g] - rewards.mean()) / (std + 1e-6) if rewards.max() > rewards.min() else 0.0
            ratio = (scores.logprobs[0, b, g, :length] - batch.old_logprobs[0, b, g, :length]).exp()
            wide = algorithm.reward_clip_factor if rewards[g] > 0.5 else 1.0
            clipped = ratio.clamp(1 - algorithm.eps_low, 1 + wide * algorithm.eps_high)
            losses = -torch.minimum(ratio * advantage, clipped * advantage)
            if algorithm.kl_coef:
                d = scores.logprobs[0, b, g, :length] - base[0, b, g, :length]
                losses = losses + algorithm.kl_coef * (torch.exp(-d) + d - 1)
            if algorithm.entropy_coef:
                losses = losses - algorithm.entropy_coef * scores.entropy[0, b, g, :length]
            total = total + (losses.mean() if algorithm.loss_aggregation == "sequence_mean" else losses.sum())
            tokens, sequences = tokens + length, sequences + 1
    return total / {"sequence_mean": sequences, "token_mean": tokens, "constant": sequences * 6}[algorithm.loss_aggregation]


@pytest.mark.parametrize(
    "algorithm",
    [
        GRPO,
        DAPO,
        replace(GRPO, loss_aggregation="constant", normalize_std=False),
        replace(DAPO, kl_coef=0.3, entropy_coef=0.05, overlong="none"),
        replace(GRPO, reward_clip_factor=3.0, eps_high=0.05),
    ],
    ids=["GRPO", "DAPO", "Dr-GRPO", "KL-and-entropy", "lab-clip"],
)
def test_updates_equal_plain_pytorch_with_adam_and_clip_grad_norm(algorithm):
    # Two passes over two minibatches of four prompts: in the second pass the ratios have moved.
    config = small_run(
        CHAIN,
        algorithm,
        replicas=1,
        updates=4,
        num_prompts=8,
        group_size=7,
        updates_per_rollout=4,
        epochs=2,
        learning_rate=0.1,
        max_grad_norm=0.05,
        temperature=0.8,
    )
    task = make_task(config.task)
    policy, streams = make_policy(task), ReplicaStreams(config.seeds)
    params = policy.initial(streams.generators)
    batch, _ = RolloutCollector(config, task, policy, streams).collect(params, 0.0)
    assert (batch.live & batch.correct.any(-1) & ~batch.correct.all(-1)).sum() >= 3  # there is something to learn from
    weights = torch.nn.Parameter(params.flat.clone())
    optimiser = TorchAdam(weights, lr=0.1)
    base = policy.base_logprobs(batch.prompts, batch.tokens, 0.8)
    found = records(config)
    live, first = batch.live[0], found[0].metrics
    assert first["reward_trained_mean"].item() == pytest.approx(batch.rewards[0][live].mean().item(), rel=1e-5)
    divergence = policy.survey(params, batch.prompts, batch.tokens, batch.mask, 0.8).kl_to_base
    assert first["kl_base"].item() == pytest.approx(divergence[batch.trained_mask].mean().item(), rel=1e-5)
    for k, record in enumerate(found):
        scores = policy.scores(Parameters(weights, params.shapes), batch.prompts, batch.tokens, 0.8, entropy=True)
        loss = plain_loss(config, batch, scores, base, range(k % 2, 8, 2))
        weights.grad = None
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_([weights], 0.05)
        optimiser.step(weights.grad)
        assert record.metrics["loss"].item() == pytest.approx(loss.item(), rel=1e-4, abs=1e-6)
        assert record.metrics["grad_norm"].item() == pytest.approx(norm.item(), rel=1e-4)
    assert max(r.metrics["grad_norm"].item() for r in found) > 0.05  # the limit does act
    assert series(found, "clip_fraction_low").max() > 0  # and so do the clips
    assert series(found, "clip_fraction_high").max() > 0


def test_the_minibatches_of_an_epoch_are_every_nth_slot():
    """With epochs 2, updates 3 and 4 see the slots of updates 1 and 2 again: the same tokens in the same number."""
    config = small_run(BANDIT, GRPO, updates=4, num_prompts=6, updates_per_rollout=4, epochs=2, learning_rate=1e-6)
    loss = series(records(config), "loss")
    np.testing.assert_allclose(loss[2:], loss[:2], atol=1e-4)
    norms = series(records(config), "grad_norm")
    np.testing.assert_allclose(norms[2:], norms[:2], rtol=1e-3)
    assert (abs(norms[0] - norms[1]) > 1e-3).any()


@pytest.mark.parametrize("aggregation", ["sequence_mean", "token_mean", "constant"])
@pytest.mark.parametrize("pieces", [1, 2])
def test_micro_batches_leave_every_metric_unchanged(aggregation, pieces):
    # 6 prompts, 2 updates: minibatches of 3, in pieces of 1 + 1 + 1 or 2 + 1.
    algorithm = replace(DAPO, loss_aggregation=aggregation, kl_coef=0.1, entropy_coef=0.01, max_rounds=1)
    config = small_run(CHAIN, algorithm, num_prompts=6, updates=4, learning_rate=0.05)
    assert_same(records(replace(config, micro_batch_prompts=pieces)), records(config), rtol=1e-5)


def test_dapo_is_grpo_where_lengths_clips_and_filters_coincide():
    # The bandit's completions are one token long, so that both aggregations are the mean over completions.
    dapo = replace(DAPO, eps_high=0.2, dynamic_sampling="off", overlong="none")
    grpo_records, dapo_records = (records(small_run(BANDIT, a, updates=20, learning_rate=0.02)) for a in (GRPO, dapo))
    assert_same(dapo_records, grpo_records, rtol=1e-5)
    assert series(grpo_records, "clip_fraction_high").max() > 0


def test_where_lengths_differ_dapo_is_not_grpo():
    dapo = replace(DAPO, eps_high=0.2, dynamic_sampling="off", overlong="none")
    one, other = (records(small_run(CHAIN, a, updates=1))[0].metrics["grad_norm"] for a in (GRPO, dapo))
    assert (abs(one - other) > 1e-3).any()


def test_the_bandit_learns_past_a_threshold():
    found = records(small_run(BANDIT, GRPO, updates=120, num_prompts=8, group_size=8, updates_per_rollout=4, learning_rate=0.02))
    rewards = series(found, "eval_accuracy")
    assert series([next(train(small_run(BANDIT, GRPO)))], "eval_accuracy").max() < 0.7 and rewards[-1].min() > 0.95
    assert series(found, "entropy_nats")[0].min() > 0.9 and series(found, "entropy_nats")[-1].max() < 0.5


def test_drift_is_told_how_much_of_training_has_passed(monkeypatch):
    seen, plain = [], Chain.sample_prompts

    def watched(self, streams, count, active, progress):
        seen.append(progress)
        return plain(self, streams, count, active, progress)

    monkeypatch.setattr(Chain, "sample_prompts", watched)
    records(small_run(replace(CHAIN, drift=1.0), GRPO))
    assert seen == [0.0, 2 / 6, 4 / 6]


def test_the_undetached_ratio_has_gradient_zero_and_learns_nothing():
    config = small_run(CHAIN, replace(GRPO, defects=("undetached_ratio",)), learning_rate=0.1, eval_every=1)
    found = records(config)
    assert series(found, "grad_norm").max() == 0.0
    assert (series(found, "ratio_max") == 1.0).all()
    assert np.ptp(series(found, "kl_base"), axis=0).max() < 1e-2  # only the sampled tokens differ
    healthy = records(replace(config, algorithm=GRPO))
    assert series(healthy, "grad_norm").max() > 0
    with_bonus = records(replace(config, algorithm=replace(config.algorithm, entropy_coef=0.01)))
    assert series(with_bonus, "grad_norm").min() > 0


def test_the_single_update_defect_keeps_the_ratio_at_1_for_ever():
    found = records(small_run(CHAIN, replace(GRPO, defects=("single_update",)), learning_rate=0.1))
    assert [r.rollout for r in found] == [1, 2, 3, 4, 5, 6]
    np.testing.assert_allclose(series(found, "ratio_max"), 1.0, rtol=1e-5)
    assert series(found, "clip_fraction_high").max() == series(found, "clip_fraction_low").max() == 0.0


def diverging(updates_per_rollout: int) -> RunConfig:
    """Three seeds, 7 to 9; seed 8 has a learning rate that no configuration allows."""
    config = small_run(BANDIT, GRPO, learning_rate=(1e-3, 0.5, 1e-3), first_seed=7, updates_per_rollout=updates_per_rollout)
    object.__setattr__(config, "learning_rate", (1e-3, 1e38, 1e-3))
    return config


@pytest.mark.parametrize("updates_per_rollout", [1, 4])
def test_divergence_names_update_tensor_and_seed_after_the_good_records(updates_per_rollout):
    config, seen = diverging(updates_per_rollout), []
    with pytest.raises(TrainingDiverged) as caught:
        for record in train(config):
            seen += [record] if record.update else []
    error = caught.value
    assert [r.update for r in seen] == list(range(1, error.update)) and 1 < error.update < 7
    assert error.tensor in ("loss", "grad_norm") and error.seeds == [8]
    assert str(error) == (
        f"training diverged at update {error.update}: {error.tensor} is not finite for seed(s) 8; lower learning_rate or max_grad_norm"
    )
    # The others' records are those of a healthy run.
    for r, seed in ((0, 7), (2, 9)):
        healthy = replace(config, learning_rate=1e-3).with_replica(seed)
        assert_same(seen, list(islice(train(healthy), 1, len(seen) + 1)), rtol=1e-5, rows=[r])


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_is_named_even_if_its_gradient_is(monkeypatch, value):
    plain, calls = update.policy_loss, []

    def spoiled(*arguments, **settings):
        loss, stats = plain(*arguments, **settings)
        calls.append(0)
        return (loss + torch.tensor([value, 0.0, value]) if len(calls) == 3 else loss), stats

    monkeypatch.setattr(update, "policy_loss", spoiled)
    seen = []
    with pytest.raises(TrainingDiverged, match=r"update 3: loss is not finite for seed\(s\) 5, 7;"):
        for record in train(small_run(CHAIN, GRPO, first_seed=5)):
            seen += [record] if record.update else []
    assert [r.update for r in seen] == [1, 2]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_gradient_that_is_not_finite_is_named_too(monkeypatch, value):
    """A finite loss with an infinite slope: the gradient of the second update is spoiled on its way."""
    scale = {"calls": 0}

    def spoil(gradient: Tensor) -> Tensor:
        scale["calls"] += 1
        if scale["calls"] == 2:
            gradient = gradient.clone()
            gradient[2, 0] = value
        return gradient

    plain = MLPPolicy.scores

    def scores(self, params, *arguments, **options):
        flat = params.flat.view_as(params.flat)
        if flat.requires_grad:
            flat.register_hook(spoil)
        return plain(self, Parameters(flat, params.shapes), *arguments, **options)

    monkeypatch.setattr(MLPPolicy, "scores", scores)
    seen = []
    with pytest.raises(TrainingDiverged, match=r"update 2: grad_norm is not finite for seed\(s\) 2;"):
        for record in train(small_run(CHAIN, GRPO)):
            seen += [record] if record.update else []
    assert [r.update for r in seen] == [1]
