"""The MLP policy against a plain per-token forward. Sizes: R 2, B 3, G 4, T 6, V 5, S 18."""

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from core.engine.policies import Parameters, make_policy
from core.engine.policies.base import Policy, choose
from core.engine.policies.mlp import MLPPolicy
from core.engine.rng import ReplicaStreams
from core.engine.tasks import make_task
from tests.support import BANDIT, CHAIN, assert_close, means_by_loop

R, B, G, T, V = 2, 3, 4, 6, 5


def chain_policy(seeds=(0, 1), scale: float = 1.0):
    """Weights large enough that prompt and state matter."""
    task = make_task(CHAIN)
    policy = MLPPolicy(task, width=8, hidden_layers=2, output_scale=1.0)
    params = policy.initial(ReplicaStreams(seeds).generators)
    return task, policy, Parameters(3 * scale * params.flat, params.shapes)


def sampled(policy, params, task, seed: int = 7, temperature: float = 1.0, group: int = G):
    generator = torch.Generator().manual_seed(seed)
    replicas = len(params.flat)
    prompts = torch.randint(task.train_size, (replicas, B), generator=generator)
    uniforms = torch.rand(replicas, B, group, task.max_tokens, generator=generator)
    return prompts, uniforms, policy.generate(params, prompts, uniforms, temperature, group)


def forward_by_hand(task, params, replica: int, prompt: int, tokens: list[int], temperature: float) -> list[list[float]]:
    """Log-probabilities of the vocabulary at each position of one completion: explicit features, one token after the other."""
    w = {name: view[replica] for name, view in params.views().items()}
    rows, progress = [], 0
    for position, token in enumerate(tokens):
        state = [0.0] * 9
        state[progress], state[3 + position] = 1.0, 1.0
        hidden = [
            math.tanh(
                w["b0"][j].item()
                + sum(task.prompt_features[prompt][i].item() * w["w_prompt"][i, j].item() for i in range(9))
                + sum(state[i] * w["w_state"][i, j].item() for i in range(9))
            )
            for j in range(8)
        ]
        hidden = [math.tanh(w["b1"][j].item() + sum(hidden[i] * w["w1"][i, j].item() for i in range(8))) for j in range(8)]
        logits = [
            (
                w["b_out"][v].item()
                + sum(hidden[i] * w["w_out"][i, v].item() for i in range(8))
                + task.base_logits[prompt, v].item()
            )
            / temperature
            for v in range(V)
        ]
        total = math.log(sum(math.exp(x) for x in logits))
        rows.append([x - total for x in logits])
        progress = min(progress + (token == task.useful[prompt].item()), 2)
    return rows


def choose_by_loop(probabilities: list[float], uniform: float) -> int:
    total = 0.0
    for index, probability in enumerate(probabilities[:-1]):
        total += probability
        if uniform < total:
            return index
    return len(probabilities) - 1


def test_choose_inverts_the_cumulative_distribution_by_hand():
    # Cumulative .2, .2, .7, 1: the boundary belongs to the next token, probability 0 is never chosen, .9999 is the last token.
    probabilities = torch.tensor([0.25, 0.0, 0.5, 0.25]).expand(6, -1)
    uniforms = torch.tensor([0.0, 0.2499, 0.25, 0.7499, 0.75, 0.9999])
    assert choose(probabilities, uniforms).tolist() == [0, 0, 2, 2, 3, 3]


def test_choose_equals_a_loop_and_stays_inside_the_vocabulary_when_rounding_loses_mass():
    generator = torch.Generator().manual_seed(0)
    probabilities = torch.softmax(2 * torch.randn(3, 5, 7, generator=generator), -1)
    uniforms = torch.rand(3, 5, generator=generator)
    found = choose(probabilities, uniforms)
    for i in range(3):
        for j in range(5):
            assert found[i, j].item() == choose_by_loop(probabilities[i, j].tolist(), uniforms[i, j].item())
    assert choose(torch.tensor([0.3, 0.3, 0.3]), torch.tensor(0.9999999)).item() == 2


@pytest.mark.parametrize("temperature", [1.0, 0.6])
def test_distribution_scores_and_entropy_equal_a_per_token_forward(temperature):
    task, policy, params = chain_policy()
    prompts, _, done = sampled(policy, params, task)
    table = policy.distribution(params, prompts, done.tokens, temperature)
    scores = policy.scores(params, prompts, done.tokens, temperature, entropy=True)
    assert policy.scores(params, prompts, done.tokens, temperature).entropy is None
    for b in range(B):
        for g in range(G):
            length = int(done.lengths[1, b, g])
            tokens = done.tokens[1, b, g, :length].tolist()
            expected = torch.tensor(forward_by_hand(task, params, 1, int(prompts[1, b]), tokens, temperature))
            assert_close(table[1, b, g, :length], expected, rtol=1e-4, atol=1e-5)
            assert_close(scores.logprobs[1, b, g, :length], expected[range(length), tokens], rtol=1e-4, atol=1e-5)
            entropy = -(expected.exp() * expected).sum(-1)
            assert_close(scores.entropy[1, b, g, :length], entropy, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("temperature", [1.0, 0.6])
@pytest.mark.parametrize("config", [CHAIN, BANDIT, replace(BANDIT, contexts=9, actions=4)], ids=["chain", "bandit", "contexts"])
def test_what_generate_reports_equals_scores_on_real_tokens(config, temperature):
    task = make_task(config)
    policy = make_policy(task)
    params = policy.initial(ReplicaStreams((0, 1, 2)).generators)
    params = Parameters(4 * params.flat, params.shapes)
    prompts, _, done = sampled(policy, params, task, temperature=temperature)
    scores = policy.scores(params, prompts, done.tokens, temperature, entropy=True)
    assert_close(done.logprobs[done.mask], scores.logprobs[done.mask], rtol=1e-5, atol=1e-5)
    assert_close(done.entropy[done.mask], scores.entropy[done.mask], rtol=1e-5, atol=1e-5)
    assert torch.isfinite(scores.logprobs).all() and not done.logprobs.requires_grad


def test_generate_inverts_the_distribution_at_the_uniforms_token_by_token():
    task, policy, params = chain_policy()
    prompts, uniforms, done = sampled(policy, params, task)
    assert done.ended.any() and not done.ended.all()
    table = policy.distribution(params, prompts, done.tokens, 1.0).exp()
    for r, b, g in torch.cartesian_prod(*map(torch.arange, (R, B, G))).tolist():
        expected = []
        for t in range(T):
            expected.append(choose_by_loop(table[r, b, g, t].tolist(), uniforms[r, b, g, t].item()))
            if expected[-1] == task.end_token:
                break
        assert done.tokens[r, b, g, : len(expected)].tolist() == expected
        assert done.mask[r, b, g].tolist() == [t < len(expected) for t in range(T)]
        assert done.ended[r, b, g].item() == (expected[-1] == task.end_token)
        assert done.lengths[r, b, g].item() == len(expected)


def test_without_uniforms_generation_is_greedy():
    _, policy, params = chain_policy(scale=2.0)
    prompts = torch.arange(R * B).view(R, B)
    done = policy.generate(params, prompts, None, 1.0, 1)
    table = policy.distribution(params, prompts, done.tokens, 1.0)
    assert done.tokens[done.mask].equal(table.argmax(-1)[done.mask])


@pytest.mark.parametrize("output_scale", [0.0, 0.1])
def test_output_scale_zero_is_the_base_policy_and_small_is_near_it(output_scale):
    task = make_task(CHAIN)
    policy = MLPPolicy(task, width=8, hidden_layers=2, output_scale=output_scale)
    params = policy.initial(ReplicaStreams((0, 1)).generators)
    prompts, _, done = sampled(policy, params, task)
    divergence = policy.survey(params, prompts, done.tokens, done.mask, 1.0).kl_to_base
    assert divergence.min() >= -1e-6
    if output_scale == 0.0:
        assert divergence.abs().max() < 1e-6
    else:
        assert 1e-6 < divergence.max() < 0.05


def test_kl_to_base_and_base_logprobs_equal_loops():
    task, policy, params = chain_policy()
    prompts, _, done = sampled(policy, params, task)
    own = policy.distribution(params, prompts, done.tokens, 0.7)
    divergence = policy.survey(params, prompts, done.tokens, done.mask, 0.7).kl_to_base
    base_logprobs = policy.base_logprobs(prompts, done.tokens, 0.7)
    for r, b, g, t in torch.cartesian_prod(*map(torch.arange, (R, B, G, T))).tolist():
        base = torch.log_softmax(task.base_logits[prompts[r, b]] / 0.7, -1)
        p = own[r, b, g, t].double().exp()
        expected = sum((p[v] * (p[v].log() - base[v])).item() for v in range(V))
        assert divergence[r, b, g, t].item() == pytest.approx(expected, rel=1e-4, abs=1e-6)
        assert base_logprobs[r, b, g, t].item() == pytest.approx(base[done.tokens[r, b, g, t]].item(), rel=1e-5)
    assert divergence.min() > 0


@pytest.mark.parametrize("temperature", [1.0, 0.6])
@pytest.mark.parametrize("config", [CHAIN, BANDIT, replace(BANDIT, contexts=9, actions=4)], ids=["chain", "bandit", "contexts"])
def test_the_mean_distribution_equals_a_loop_over_the_real_tokens(config, temperature):
    task = make_task(config)
    policy = make_policy(task)
    params = policy.initial(ReplicaStreams((0, 1, 2)).generators)
    params = Parameters(6 * params.flat, params.shapes)
    prompts, _, done = sampled(policy, params, task, temperature=temperature)
    mask = done.mask.clone()
    mask[1, 0] = False  # whole completions may be left out
    found = policy.survey(params, prompts, done.tokens, mask, temperature)
    by_token, by_rank = means_by_loop(policy.distribution(params, prompts, done.tokens, temperature).exp(), mask)
    assert_close(found.token_probs, torch.tensor(by_token), rtol=1e-4, atol=1e-6)
    assert_close(found.rank_probs, torch.tensor(by_rank), rtol=1e-4, atol=1e-6)
    plain = Policy.survey(policy, params, prompts, done.tokens, mask, temperature)  # the protocol's own, without the shortcut
    for name in ("kl_to_base", "token_probs", "rank_probs"):
        assert_close(getattr(found, name), getattr(plain, name), rtol=1e-4, atol=1e-6)


def test_a_replica_without_a_context_has_no_mean_distribution():
    task, policy, params = chain_policy()
    prompts, _, done = sampled(policy, params, task)
    mask = done.mask.clone()
    mask[0] = False
    found = policy.survey(params, prompts, done.tokens, mask, 1.0)
    for table in (found.token_probs, found.rank_probs):
        assert table[0].isnan().all() and not table[1].isnan().any()


def gradient_of(policy, params, prompts, tokens, weights: Tensor) -> Tensor:
    flat = params.flat.clone().requires_grad_()
    logprobs = policy.scores(Parameters(flat, params.shapes), prompts, tokens, 1.0).logprobs
    return torch.autograd.grad((logprobs * weights).sum(), flat)[0]


def test_the_loss_of_one_replica_has_no_gradient_to_another():
    task, policy, params = chain_policy()
    prompts, _, done = sampled(policy, params, task)
    weights = torch.zeros(done.tokens.shape)
    weights[1] = 1.0
    gradient = gradient_of(policy, params, prompts, done.tokens, weights)
    assert gradient[0].eq(0).all() and gradient[1].ne(0).any()


def test_a_replica_behaves_alike_alone_and_in_company():
    task, policy, params = chain_policy(seeds=(3, 4, 5))
    prompts, uniforms, done = sampled(policy, params, task)
    for r in range(3):
        one = Parameters(params.flat[[r]], params.shapes)
        assert policy.initial(ReplicaStreams((3 + r,)).generators).flat.mul(3).equal(one.flat)
        alone = policy.generate(one, prompts[[r]], uniforms[[r]], 1.0, G)
        assert alone.tokens[0][alone.mask[0]].equal(done.tokens[r][done.mask[r]])
        assert_close(alone.logprobs[0][alone.mask[0]], done.logprobs[r][done.mask[r]], rtol=1e-5, atol=1e-5)


def test_later_tokens_and_other_completions_have_no_influence():
    task, policy, params = chain_policy()
    prompts, _, done = sampled(policy, params, task)
    before = policy.scores(params, prompts, done.tokens, 1.0).logprobs
    changed = done.tokens.clone()
    changed[:, :, 0, 3:] = (changed[:, :, 0, 3:] + 1) % V
    after = policy.scores(params, prompts, changed, 1.0).logprobs
    assert after[:, :, 0, :3].equal(before[:, :, 0, :3])
    assert after[:, :, 1:].equal(before[:, :, 1:])
    assert not after[:, :, 0, 3:].equal(before[:, :, 0, 3:])
