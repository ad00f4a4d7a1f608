"""The GPT policy against a plain transformer written with loops. Sizes: R 3, B 2, G 4, T 4, V 13, P 4, C 16, heads 2, layers 2."""

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from core.engine.policies import Parameters
from core.engine.policies.base import Policy
from core.engine.policies.gpt import GPTPolicy
from core.engine.tasks import make_task
from tests.support import ARITHMETIC, assert_close, means_by_loop

R, B, G, C, HEADS, LAYERS = 3, 2, 4, 16, 2, 2
TASK = make_task(replace(ARITHMETIC, layers=LAYERS))
T = TASK.max_tokens


def gpt(spread: float = 0.5) -> tuple[GPTPolicy, Parameters]:
    """An untrained GPT as the base and R different replicas near it."""
    bare = GPTPolicy(TASK, width=C, layers=LAYERS, heads=HEADS)
    generator = torch.Generator().manual_seed(0)
    base = bare.untrained(generator).flat[0]
    policy = GPTPolicy(TASK, width=C, layers=LAYERS, heads=HEADS, base=base)
    params = policy.initial([None] * R)
    noise = torch.randn(params.flat.shape, generator=generator) * params.flat.abs().mean()
    return policy, Parameters(params.flat + spread * noise, params.shapes)


def sampled(policy, params, temperature: float = 1.0, seed: int = 1, count: int = B, group: int = G):
    generator = torch.Generator().manual_seed(seed)
    replicas = len(params.flat)
    prompts = torch.randint(TASK.train_size, (replicas, count), generator=generator)
    uniforms = torch.rand(replicas, count, group, T, generator=generator)
    return prompts, uniforms, policy.generate(params, prompts, uniforms, temperature, group)


def norm(x: Tensor) -> Tensor:
    return x / (x.square().mean() + 1e-6).sqrt()


def transformer(params: Parameters, replica: int, text: list[int]) -> list[Tensor]:
    """Logits after every token of one sequence: one token, one head and one earlier position at a time; no cache, no batch."""
    w = {name: view[replica] for name, view in params.views().items()}
    stream = [w["tokens"][token] + w["positions"][place] for place, token in enumerate(text)]
    depth = C // HEADS
    for layer in range(LAYERS):
        q, k, v = zip(*[(norm(x) @ w[f"qkv{layer}"]).split(C) for x in stream], strict=True)
        after = []
        for t, x in enumerate(stream):
            heads = []
            for h in range(HEADS):
                own = slice(h * depth, (h + 1) * depth)
                scores = [math.exp((q[t][own] @ k[s][own]).item() / math.sqrt(depth)) for s in range(t + 1)]
                heads.append(sum(score / sum(scores) * v[s][own] for s, score in enumerate(scores)))
            x = x + torch.cat(heads) @ w[f"proj{layer}"]
            after.append(x + (norm(x) @ w[f"up{layer}"]).clamp(min=0) @ w[f"down{layer}"])
        stream = after
    return [norm(x) @ w["head"] for x in stream]


def expected_rows(params, replica: int, prompt: int, tokens: list[int], temperature: float) -> Tensor:
    """(T, V) log-probabilities where each token was chosen: position of "=" predicts the first."""
    prompt_ids = TASK.prompt_tokens[prompt].tolist()
    logits = transformer(params, replica, prompt_ids + tokens[:-1])[len(prompt_ids) - 1 :]
    return torch.log_softmax(torch.stack(logits) / temperature, -1)


@pytest.mark.parametrize("temperature", [1.0, 0.6])
def test_cached_generation_and_scoring_equal_a_plain_uncached_transformer(temperature):
    policy, params = gpt()
    prompts, uniforms, done = sampled(policy, params, temperature)
    scores = policy.scores(params, prompts, done.tokens, temperature, entropy=True)
    table = policy.distribution(params, prompts, done.tokens, temperature)
    assert (done.lengths < T).any() and (done.lengths == T).any()
    for r, b, g in torch.cartesian_prod(*map(torch.arange, (R, B, G))).tolist():
        length = int(done.lengths[r, b, g])
        tokens = done.tokens[r, b, g, :length].tolist()
        rows = expected_rows(params, r, int(prompts[r, b]), tokens, temperature)
        assert_close(table[r, b, g, :length], rows, rtol=1e-4, atol=1e-4)
        assert_close(done.logprobs[r, b, g, :length], rows[range(length), tokens], rtol=1e-4, atol=1e-4)
        assert_close(scores.logprobs[r, b, g, :length], rows[range(length), tokens], rtol=1e-4, atol=1e-4)
        entropy = -(rows.exp() * rows).sum(-1)
        assert_close(done.entropy[r, b, g, :length], entropy, rtol=1e-4, atol=1e-4)
        assert_close(scores.entropy[r, b, g, :length], entropy, rtol=1e-4, atol=1e-4)
        for t, token in enumerate(tokens):  # inverse CDF, away from rounding at the boundaries
            below = rows[t, :token].exp().sum().item()
            assert below - 1e-4 <= uniforms[r, b, g, t].item() <= below + rows[t, token].exp().item() + 1e-4


@pytest.mark.parametrize("temperature", [1.0, 0.6])
def test_logprobs_of_generate_equal_scores_on_real_tokens(temperature):
    policy, params = gpt()
    prompts, _, done = sampled(policy, params, temperature, count=5, group=7)
    scores = policy.scores(params, prompts, done.tokens, temperature, entropy=True)
    assert_close(done.logprobs[done.mask], scores.logprobs[done.mask], rtol=1e-5, atol=1e-5)
    assert_close(done.entropy[done.mask], scores.entropy[done.mask], rtol=1e-5, atol=1e-5)
    assert torch.isfinite(scores.logprobs).all()


def test_masks_and_endings_are_those_of_the_tokens():
    policy, params = gpt()
    _, _, done = sampled(policy, params, count=5, group=7)
    for tokens, mask, ended in zip(
        done.tokens.view(-1, T).tolist(), done.mask.view(-1, T).tolist(), done.ended.flatten().tolist(), strict=True
    ):
        assert ended == (TASK.end_token in tokens)
        length = tokens.index(TASK.end_token) + 1 if ended else T
        assert mask == [t < length for t in range(T)]


def test_greedy_generation_takes_the_likeliest_token():
    policy, params = gpt()
    prompts = torch.arange(R * B).view(R, B)
    done = policy.generate(params, prompts, None, 1.0, 1)
    table = policy.distribution(params, prompts, done.tokens, 1.0)
    assert done.tokens[done.mask].equal(table.argmax(-1)[done.mask])


def test_scores_of_trimmed_tokens_equal_those_of_the_whole():
    policy, params = gpt()
    prompts, _, done = sampled(policy, params)
    whole = policy.scores(params, prompts, done.tokens, 1.0).logprobs
    for length in (2, 3):
        part = policy.scores(params, prompts, done.tokens[..., :length], 1.0).logprobs
        assert_close(part, whole[..., :length], rtol=1e-5, atol=1e-6)


def test_later_tokens_and_other_completions_have_no_influence():
    policy, params = gpt()
    prompts, _, done = sampled(policy, params)
    before = policy.scores(params, prompts, done.tokens, 1.0).logprobs
    for place in range(T):
        changed = done.tokens.clone()
        changed[:, :, 1, place] = (changed[:, :, 1, place] + 1) % TASK.vocab_size
        after = policy.scores(params, prompts, changed, 1.0).logprobs
        assert_close(after[:, :, 1, :place], before[:, :, 1, :place], rtol=0, atol=1e-6)
        assert (after[:, :, 1, place] - before[:, :, 1, place]).abs().min() > 1e-3
        others = [0, 2, 3]
        assert_close(after[:, :, others], before[:, :, others], rtol=0, atol=1e-6)
        if place + 1 < T:
            assert (after[:, :, 1, place + 1 :] - before[:, :, 1, place + 1 :]).abs().max() > 1e-3


def test_replicas_behave_alike_alone_and_in_company():
    policy, params = gpt()
    prompts, uniforms, done = sampled(policy, params)
    scores = policy.scores(params, prompts, done.tokens, 1.0).logprobs
    for r in range(R):
        one = params.select([r])
        alone = policy.generate(one, prompts[[r]], uniforms[[r]], 1.0, G)
        assert alone.mask[0].equal(done.mask[r]) and alone.tokens[0][alone.mask[0]].equal(done.tokens[r][done.mask[r]])
        assert_close(alone.logprobs[0][alone.mask[0]], done.logprobs[r][done.mask[r]], rtol=1e-5, atol=1e-5)
        assert_close(policy.scores(one, prompts[[r]], done.tokens[[r]], 1.0).logprobs[0], scores[r], rtol=1e-5, atol=1e-5)


def test_the_loss_of_one_replica_has_no_gradient_to_another():
    policy, params = gpt()
    prompts, _, done = sampled(policy, params)
    flat = params.flat.clone().requires_grad_()
    logprobs = policy.scores(Parameters(flat, params.shapes), prompts, done.tokens, 1.0).logprobs
    (gradient,) = torch.autograd.grad(torch.where(done.mask, logprobs, 0.0)[1].sum(), flat)
    assert gradient[[0, 2]].eq(0).all() and gradient[1].ne(0).any()


def test_the_gradient_equals_that_of_the_plain_transformer():
    """The loops above are differentiable but for the attention scores, which are numbers there: so by central differences."""
    policy, params = gpt()
    prompts, _, done = sampled(policy, params)
    length = int(done.lengths[2, 1, 3])
    tokens = done.tokens[2, 1, 3, :length].tolist()
    flat = params.flat.clone().requires_grad_()
    logprobs = policy.scores(Parameters(flat, params.shapes), prompts, done.tokens, 1.0).logprobs
    (gradient,) = torch.autograd.grad(logprobs[2, 1, 3, :length].sum(), flat)
    direction = torch.randn(flat.shape[1], generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    values = []
    for sign in (1, -1):
        moved = params.flat.double()
        moved[2] += sign * 1e-5 * direction
        rows = expected_rows(Parameters(moved, params.shapes), 2, int(prompts[2, 1]), tokens, 1.0)
        values.append(rows[range(length), tokens].sum().item())
    expected = (values[0] - values[1]) / 2e-5
    assert (gradient[2].double() @ direction).item() == pytest.approx(expected, rel=1e-4)


def test_every_replica_of_the_initial_policy_is_the_base_model():
    policy, _ = gpt()
    params = policy.initial([None] * R)
    prompts, _, done = sampled(policy, params)
    assert params.flat.equal(policy.base.expand(R, -1))
    assert policy.survey(params, prompts, done.tokens, done.mask, 0.8).kl_to_base.abs().max() < 1e-6


def test_kl_to_base_is_the_exact_sum_over_the_vocabulary_and_never_negative():
    policy, params = gpt()
    prompts, _, done = sampled(policy, params)
    divergence = policy.survey(params, prompts, done.tokens, done.mask, 0.8).kl_to_base
    base = Parameters(policy.base[None], params.shapes)
    r, b, g = 2, 1, 0
    length = int(done.lengths[r, b, g])
    tokens = done.tokens[r, b, g, :length].tolist()
    own, other = (expected_rows(p, at, int(prompts[r, b]), tokens, 0.8) for p, at in ((params, r), (base, 0)))
    assert_close(divergence[r, b, g, :length], (own.exp() * (own - other)).sum(-1), rtol=1e-4, atol=1e-5)
    assert divergence.min() >= -1e-6 and divergence.max() > 0.01
    assert_close(
        policy.base_logprobs(prompts, done.tokens, 0.8)[r, b, g, :length], other[range(length), tokens], rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("count", [2, 23])  # 23 prompts are computed in more than one piece
def test_the_mean_distribution_equals_a_loop_over_the_real_tokens(count):
    policy, params = gpt()
    prompts, _, done = sampled(policy, params, 0.7, count=count)
    assert not done.mask.all()
    found = policy.survey(params, prompts, done.tokens, done.mask, 0.7)
    by_token, by_rank = means_by_loop(policy.distribution(params, prompts, done.tokens, 0.7).exp(), done.mask)
    assert_close(found.token_probs, torch.tensor(by_token), rtol=1e-4, atol=1e-6)
    assert_close(found.rank_probs, torch.tensor(by_rank), rtol=1e-4, atol=1e-6)
    plain = Policy.survey(policy, params, prompts, done.tokens, done.mask, 0.7)
    for name in ("kl_to_base", "token_probs", "rank_probs"):
        assert_close(getattr(found, name), getattr(plain, name), rtol=1e-4, atol=1e-5)


def test_initial_without_a_base_model_is_refused():
    with pytest.raises(ValueError, match="no base model"):
        GPTPolicy(TASK, width=C, layers=LAYERS, heads=HEADS).initial([None])


def test_a_policy_that_ends_every_completion_at_once_can_be_scored():
    """The shortest collapse there is: all completions are the end token alone, so that the trimmed batch has T = 1."""
    policy, params = gpt()
    tokens = torch.full((R, B, G, 1), TASK.end_token)
    prompts = torch.arange(R * B).view(R, B)
    scores = policy.scores(params, prompts, tokens, 1.0, entropy=True)
    for r, b in torch.cartesian_prod(torch.arange(R), torch.arange(B)).tolist():
        rows = expected_rows(params, r, int(prompts[r, b]), [TASK.end_token], 1.0)
        assert_close(scores.logprobs[r, b, :, 0], rows[0, TASK.end_token].expand(G), rtol=1e-4, atol=1e-4)
