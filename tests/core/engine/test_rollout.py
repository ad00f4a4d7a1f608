"""One generation phase: refilling, its cap, the tally, and what may not change meanwhile. Sizes: R 3, B 4, G 5, T 6."""

from dataclasses import dataclass, field, replace

import pytest
import torch
from torch import Tensor

from core.engine.algorithms import aggregate, group_advantages, overlong_penalty, policy_loss
from core.engine.policies import Parameters, make_policy
from core.engine.rng import ReplicaStreams
from core.engine.rollout import RolloutCollector
from core.engine.tasks import Grade, make_task
from core.engine.tasks.chain import Chain
from core.engine.types import Completions, Rollout
from core.settings.algorithm import DAPO, GRPO
from core.settings.run import RunConfig
from tests.support import ARITHMETIC, BANDIT, CHAIN, assert_close, small_run

R, B, G, T = 3, 4, 5, 6
SPARSE = replace(CHAIN, hard_fraction=0.9)  # many groups without a signal


@dataclass
class Seen:
    """One round as the task was asked to grade it."""

    active: list[int]
    prompts: Tensor
    completions: Completions
    grade: Grade


@dataclass
class Phase:
    """A collector on a task that writes down every round."""

    config: RunConfig
    rounds: list[Seen] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.task = Chain(self.config.task)  # not the shared one: its grade is replaced
        self.policy = make_policy(self.task)
        self.streams = ReplicaStreams(self.config.seeds)
        self.params = self.policy.initial(self.streams.generators)
        self.collector = RolloutCollector(self.config, self.task, self.policy, self.streams)
        grade = self.task.grade

        def recording(prompts, completions, streams, active):
            found = grade(prompts, completions, streams, active)
            everyone = list(range(self.config.replicas))
            self.rounds.append(Seen(everyone if active is None else list(active), prompts, completions, found))
            return found

        self.task.grade = recording

    def collect(self, progress: float = 0.0) -> tuple[Rollout, dict[str, Tensor]]:
        batch, tally = self.collector.collect(self.params, progress)
        return batch, tally.metrics()

    def groups(self, replica: int):
        """(round, row, slot) of every group generated for a replica, in order."""
        for seen in self.rounds:
            if replica in seen.active:
                for slot in range(B):
                    yield seen, seen.active.index(replica), slot


def chain_run(algorithm, task=CHAIN, **changes) -> RunConfig:
    return small_run(task, algorithm, **changes)


@pytest.mark.parametrize("task", [CHAIN, SPARSE], ids=["rich", "sparse"])
def test_refill_keeps_exactly_the_first_groups_with_a_signal_in_order(task):
    phase = Phase(chain_run(replace(DAPO, overlong="none", max_rounds=30), task))
    batch, _ = phase.collect()
    assert batch.live.all() and len(phase.rounds) > 1
    length = batch.tokens.shape[-1]
    for r in range(R):
        kept = [(seen, row, b) for seen, row, b in phase.groups(r) if 0 < seen.grade.correct[row, b].sum() < G]
        assert len(kept) >= B  # the surplus is discarded
        for slot, (seen, row, b) in enumerate(kept[:B]):
            assert batch.prompts[r, slot] == seen.prompts[row, b]
            assert batch.mask[r, slot].equal(seen.completions.mask[row, b, :, :length])
            assert batch.tokens[r, slot].equal(seen.completions.tokens[row, b, :, :length])
            assert batch.old_logprobs[r, slot].equal(seen.completions.logprobs[row, b, :, :length])
            assert batch.rewards[r, slot].equal(seen.grade.rewards[row, b])
            assert batch.correct[r, slot].equal(seen.grade.correct[row, b])
            assert batch.ended[r, slot].equal(seen.completions.ended[row, b])
    assert batch.correct.any(-1).all() and not batch.correct.all(-1).any()


def test_a_replica_whose_batch_is_full_takes_no_part_and_its_stream_stands_still():
    phase = Phase(chain_run(replace(DAPO, max_rounds=30), SPARSE))
    states: list[list[Tensor]] = []
    uniform = phase.streams.uniform

    def watched(*shape, active=None):
        states.append([g.get_state() for g in phase.streams.generators])
        return uniform(*shape, active=active)

    phase.streams.uniform = watched
    phase.collect()
    states.append([g.get_state() for g in phase.streams.generators])
    for r in range(R):
        took_part = [k for k, seen in enumerate(phase.rounds) if r in seen.active]
        kept = [
            int((((n := s.grade.correct[s.active.index(r)].sum(-1)) > 0) & (n < G)).sum()) for s in phase.rounds if r in s.active
        ]
        assert took_part == list(range(len(took_part)))  # from the first round on, without a gap
        assert sum(kept) >= B > sum(kept[:-1])  # until the round that fills the batch, and not one longer
    assert len({sum(r in s.active for s in phase.rounds) for r in range(R)}) > 1
    per_round = len(states[:-1]) // len(phase.rounds)
    for k, seen in enumerate(phase.rounds):
        before, after = states[k * per_round], states[(k + 1) * per_round]
        assert [not a.equal(b) for a, b in zip(after, before, strict=True)] == [r in seen.active for r in range(R)]


def test_a_replica_is_filled_alike_alone_and_in_company():
    config = chain_run(replace(DAPO, max_rounds=30), replace(SPARSE, noise=0.3, flip_probability=0.1, drift=0.5))
    together, measured = Phase(config).collect(0.4)
    for r, seed in enumerate(config.seeds):
        alone, metrics = Phase(config.with_replica(seed)).collect(0.4)
        length = alone.tokens.shape[-1]
        assert not together.mask[r, ..., length:].any()
        assert alone.mask[0].equal(together.mask[r, ..., :length])
        assert alone.tokens[0][alone.mask[0]].equal(together.tokens[r, ..., :length][alone.mask[0]])
        assert alone.prompts[0].equal(together.prompts[r]) and alone.rewards[0].equal(together.rewards[r])
        for name, value in metrics.items():
            assert_close(value[0], measured[name][r], rtol=1e-6, atol=0)


@pytest.mark.parametrize("rounds", [1, 2, 5])
def test_refill_stops_at_the_cap_and_leaves_empty_slots(rounds):
    phase = Phase(chain_run(replace(DAPO, max_rounds=rounds), replace(SPARSE, too_hard_fraction=0.9)))
    batch, metrics = phase.collect()
    assert len(phase.rounds) == rounds
    assert not batch.live.all()
    for r in range(R):
        found = sum(bool(0 < s.grade.correct[row, b].sum() < G) for s, row, b in phase.groups(r))
        assert batch.live[r].tolist() == [slot < found for slot in range(B)]
    assert metrics["generation_rounds"].max() == rounds


def test_a_pool_without_any_signal_ends_at_the_cap_with_an_empty_batch():
    phase = Phase(chain_run(replace(DAPO, max_rounds=3), replace(CHAIN, too_hard_fraction=1.0)))
    batch, metrics = phase.collect()
    assert not batch.live.any() and not batch.trained_mask.any()
    assert metrics["generation_rounds"].tolist() == [3.0] * R
    assert metrics["filter_ratio"].tolist() == metrics["all_wrong_fraction"].tolist() == [1.0] * R


@pytest.mark.parametrize("aggregation", ["token_mean", "sequence_mean", "constant"])
def test_empty_slots_weigh_nothing_in_the_gradient(aggregation):
    phases = (Phase(chain_run(replace(DAPO, max_rounds=2), CHAIN, replicas=1, first_seed=seed)) for seed in range(40))
    tried = ((phase, phase.collect()[0]) for phase in phases)
    phase, batch = next((phase, batch) for phase, batch in tried if 1 < batch.live.sum() < B)  # partly filled
    alive = batch.live[0].nonzero()[:, 0]

    def gradient(part: Rollout, mask: Tensor) -> Tensor:
        flat = phase.params.flat.clone().requires_grad_()
        scores = phase.policy.scores(Parameters(flat, phase.params.shapes), part.prompts, part.tokens, 1.0)
        settings = {"eps_low": 0.2, "eps_high": 0.2, "aggregation": aggregation, "max_tokens": T}
        loss, _ = policy_loss(scores.logprobs, part.old_logprobs, group_advantages(part.rewards), mask, **settings)
        return torch.autograd.grad(loss.sum(), flat)[0]

    found, expected = gradient(batch, batch.trained_mask), gradient(batch.slots(alive), batch.slots(alive).mask)
    assert expected.abs().max() > 1e-3
    assert_close(found, expected, rtol=1e-5, atol=1e-7)
    # Unmasked, the dead groups in the denominator would have shrunk it.
    assert aggregate(torch.ones(batch.mask.shape), batch.trained_mask, "token_mean").item() == pytest.approx(1.0)


@pytest.mark.parametrize("algorithm", [GRPO, replace(GRPO, dynamic_sampling="filter")], ids=["off", "filter"])
def test_off_and_filter_generate_once(algorithm):
    phase = Phase(chain_run(algorithm, SPARSE))
    batch, metrics = phase.collect()
    assert len(phase.rounds) == 1 and metrics["generation_rounds"].tolist() == [1.0] * R
    correct = phase.rounds[0].grade.correct
    assert batch.correct.equal(correct)
    # filter: k of 5 right has variance k (5 - k) / 25, at least 4/25 = .16 > .05 unless all or none are right.
    mixed = correct.any(-1) & ~correct.all(-1)
    assert batch.live.equal(mixed if algorithm.dynamic_sampling == "filter" else torch.ones(R, B, dtype=torch.bool))
    assert not mixed.all()
    assert batch.trained_mask.equal(batch.mask & batch.live[..., None, None])


def test_parameters_do_not_change_while_a_batch_is_filled():
    phase = Phase(chain_run(DAPO, SPARSE))
    before = phase.params.flat.clone()
    batch, _ = phase.collect()
    assert phase.params.flat.equal(before)
    scores = phase.policy.scores(phase.params, batch.prompts, batch.tokens, 1.0).logprobs
    assert_close(batch.old_logprobs[batch.trained_mask], scores[batch.trained_mask], rtol=1e-5, atol=1e-5)
    assert not batch.old_logprobs.requires_grad


@pytest.mark.parametrize("algorithm", [GRPO, replace(DAPO, max_rounds=4)], ids=["off", "refill"])
def test_the_tally_equals_a_recount_of_everything_generated(algorithm):
    phase = Phase(chain_run(algorithm, replace(SPARSE, noise=0.2)))
    _, metrics = phase.collect()
    for r in range(R):
        groups = list(phase.groups(r))
        right = [int(s.grade.correct[row, b].sum()) for s, row, b in groups]
        tokens = entropy = cut = reward = 0.0
        for s, row, b in groups:
            done = s.completions
            for g in range(G):
                length = int(done.mask[row, b, g].sum())
                tokens += length
                entropy += sum(done.entropy[row, b, g, :length].tolist())
                cut += not done.ended[row, b, g]
                reward += s.grade.rewards[row, b, g].item()
                if algorithm.overlong == "soft":  # limit 6, buffer 4, penalty .5
                    reward -= 0.5 * min(max((length - 2) / 4, 0), 1)
        n, completions = len(groups), len(groups) * G
        expected = {
            "entropy_nats": entropy / tokens,
            "accuracy": sum(right) / completions,
            "reward_mean": reward / completions,
            "filter_ratio": sum(k in (0, G) for k in right) / n if algorithm.dynamic_sampling == "refill" else 0.0,
            "all_wrong_fraction": right.count(0) / n,
            "all_right_fraction": right.count(G) / n,
            "completion_tokens_mean": tokens / completions,
            "truncated_fraction": cut / completions,
            "generation_rounds": n / B,
        }
        assert set(expected) == set(metrics)
        for name, value in expected.items():
            assert metrics[name][r].item() == pytest.approx(value, rel=1e-5, abs=1e-12), name
    assert 0 < metrics["truncated_fraction"].max() < 1


def test_soft_punishment_is_added_to_the_reward_and_filtering_ignores_it():
    phase = Phase(chain_run(replace(DAPO, overlong_buffer_tokens=3, overlong_penalty=2.0, dynamic_sampling="off")))
    batch, _ = phase.collect()
    seen = phase.rounds[0]
    penalty = overlong_penalty(seen.completions.lengths, max_tokens=T, buffer_tokens=3, penalty=2.0)
    assert penalty.min() == -2.0
    assert_close(batch.rewards, seen.grade.rewards + penalty, rtol=1e-6, atol=0)


def test_a_buffer_wider_than_the_limit_is_the_limit():
    phase = Phase(chain_run(replace(DAPO, overlong_buffer_tokens=60, dynamic_sampling="off")))
    batch, _ = phase.collect()
    shortfall = (phase.rounds[0].grade.rewards - batch.rewards) / 0.5
    assert_close(shortfall, phase.rounds[0].completions.lengths / T, rtol=1e-5, atol=1e-6)


def test_overlong_filtering_takes_exactly_the_truncated_completions_out_of_the_loss():
    phase = Phase(chain_run(replace(GRPO, overlong="filter")))
    batch, _ = phase.collect()
    assert batch.ended.any() and not batch.ended.all()
    assert batch.trained_mask.any(-1).equal(batch.ended)
    length = batch.mask.shape[-1]
    assert batch.mask[batch.ended].equal(phase.rounds[0].completions.mask[..., :length][batch.ended])


def test_trimming_cuts_only_positions_that_no_completion_reaches():
    config = small_run(replace(ARITHMETIC, extra_tokens=12), GRPO)
    task = make_task(config.task)
    policy, streams = make_policy(task), ReplicaStreams(config.seeds)
    batch, tally = RolloutCollector(config, task, policy, streams).collect(policy.initial(streams.generators), 0.0)
    assert batch.mask.sum().item() == tally.sums["tokens"].sum().item()
    assert batch.mask[..., -1].any() and batch.tokens.shape == batch.mask.shape == batch.old_logprobs.shape


def test_the_global_random_state_is_untouched():
    with torch.random.fork_rng():
        torch.manual_seed(31337)
        before = torch.get_rng_state()
        Phase(chain_run(DAPO, replace(SPARSE, noise=0.1))).collect()
        assert torch.get_rng_state().equal(before)


def test_a_task_without_lengths_is_never_punished_for_length():
    """A bandit's completion is one token and always ends: there is nothing overlong about it."""
    config = small_run(replace(BANDIT, noise=0.0), replace(DAPO, dynamic_sampling="off"))
    task = make_task(config.task)
    policy, streams = make_policy(task), ReplicaStreams(config.seeds)
    batch, _ = RolloutCollector(config, task, policy, streams).collect(policy.initial(streams.generators), 0.0)
    assert_close(batch.rewards, task.means[0][batch.tokens[..., 0]], rtol=1e-6, atol=0)
