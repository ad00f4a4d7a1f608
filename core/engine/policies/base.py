"""The protocol of the policies: generate completions, and score given ones with a gradient."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from core.engine.policies.params import Parameters
from core.engine.types import Completions, Stopped


@dataclass(frozen=True)
class Scores:
    """Given tokens under the current policy, all (R, B, G, T) and differentiable."""

    logprobs: Tensor
    entropy: Tensor | None  # nats, over the whole vocabulary; only when asked for


@dataclass(frozen=True)
class Survey:
    """What a policy would generate where a batch's tokens were chosen. NaN for a replica without a single context."""

    kl_to_base: Tensor  # (R, B, G, T) nats, KL(policy || base policy): exact, summed over the vocabulary
    token_probs: Tensor  # (R, V) next-token probabilities, mean over contexts
    rank_probs: Tensor  # (R, V) each context's probabilities sorted, largest first, then the mean over contexts

    @staticmethod
    def of(kl_to_base: Tensor, sums: Tensor, mask: Tensor) -> Survey:
        """From the sums over contexts by token and by rank (2, R, V)."""
        return Survey(kl_to_base, *(sums / mask.flatten(1).sum(1, keepdim=True)))


def never() -> bool:
    return False


class Policy(ABC):
    """A network for one task. Holds no parameters: they come as an argument, R copies at once.

    `should_stop` is asked between the steps of what takes long: each token of `generate`, each piece of `survey`. If it says True they
    raise Stopped.
    """

    should_stop: Callable[[], bool] = staticmethod(never)

    def check_stop(self) -> None:
        """Stopped if `should_stop()`."""
        if self.should_stop():
            raise Stopped

    @abstractmethod
    def initial(self, generators: list[torch.Generator]) -> Parameters:
        """One set of parameters per generator: the base policy, plus what the generator's random initialisation adds."""

    @abstractmethod
    def generate(
        self, params: Parameters, prompts: Tensor, uniforms: Tensor | None, temperature: float, group_size: int
    ) -> Completions:
        """Sample `group_size` completions of each prompt (R, B) by inverting the cumulative distribution at `uniforms`
        (R, B, G, T); greedy where uniforms is None. No gradient."""

    @abstractmethod
    def scores(self, params: Parameters, prompts: Tensor, tokens: Tensor, temperature: float, *, entropy: bool = False) -> Scores:
        """Log-probabilities of `tokens` (R, B, G, T) after prompts (R, B), with gradient to `params.flat`. Values behind a
        completion's end are finite and meaningless."""

    @abstractmethod
    def distribution(self, params: Parameters, prompts: Tensor, tokens: Tensor, temperature: float) -> Tensor:
        """(R, B, G, T, V) log-probabilities of the whole vocabulary where each of `tokens` (R, B, G, T) was chosen."""

    @abstractmethod
    def base_distribution(self, prompts: Tensor, tokens: Tensor, temperature: float) -> Tensor:
        """The same under the base policy, no gradient."""

    @torch.no_grad()
    def base_logprobs(self, prompts: Tensor, tokens: Tensor, temperature: float) -> Tensor:
        """(R, B, G, T) log-probabilities of `tokens` under the base policy."""
        return self.base_distribution(prompts, tokens, temperature).gather(-1, tokens[..., None])[..., 0]

    @torch.no_grad()
    def survey(self, params: Parameters, prompts: Tensor, tokens: Tensor, mask: Tensor, temperature: float) -> Survey:
        """The policy in the contexts in which `tokens` (R, B, G, T) were chosen; the means are over those under `mask`."""
        own = self.distribution(params, prompts, tokens, temperature)
        divergence = (own.exp() * (own - self.base_distribution(prompts, tokens, temperature))).sum(-1)
        sums = weighted_sums(own.exp().flatten(1, 3).transpose(1, 2), mask.flatten(1))
        return Survey.of(divergence, sums, mask)


def choose(probabilities: Tensor, uniforms: Tensor, axis: int = -1) -> Tensor:
    """Inverse-CDF sampling: probabilities with the vocabulary V on `axis` and uniforms in [0, 1) without that axis -> int64 below V."""
    cumulative = probabilities.cumsum(axis).narrow(axis, 0, probabilities.shape[axis] - 1)
    return (uniforms.unsqueeze(axis) >= cumulative).sum(axis)


def weighted_sums(chances: Tensor, weights: Tensor) -> Tensor:
    """Sums over contexts M of `chances` (R, V, M) times `weights` (R, M), by token and by rank: (2, R, V)."""
    column = weights[..., None].to(chances.dtype)
    ranked = chances.sort(1, descending=True).values
    return torch.stack((torch.bmm(chances, column), torch.bmm(ranked, column)))[..., 0]


def until_end(tokens: Tensor, end_token: int) -> Tensor:
    """(…, T) tokens -> bool (…, T): True up to and including the first end token."""
    is_end = (tokens == end_token).long()
    return (is_end.cumsum(-1) - is_end) == 0
