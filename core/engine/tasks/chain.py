"""The reasoning chain: a miniature of long chain-of-thought.

A prompt needs d useful steps. At each position the policy emits one of K step tokens or ANSWER. Each prompt has one useful token:
the base policy's favourite for easy prompts, a rare one for hard prompts. A useful token advances progress, any other is filler.
The answer is right iff ANSWER comes with progress >= d; no ANSWER within the length limit is truncation, and wrong.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.engine.rng import seeded
from core.engine.tasks.base import MarkovTask
from core.settings.task import ChainConfig

FAVOURITE = 0  # the step token that the base policy prefers


class Chain(MarkovTask):
    """States are (progress, position) pairs: state = progress * L + position."""

    def __init__(self, config: ChainConfig):
        self.config = config
        self.train_size = config.pool_size
        self.eval_prompts = torch.arange(config.pool_size, 2 * config.pool_size)
        self.vocab_size = config.step_tokens + 1
        self.end_token = config.step_tokens
        self.max_tokens = config.length_limit
        self.num_states = (config.max_difficulty + 1) * config.length_limit
        generator = seeded("prompt pool", config.pool_seed)
        halves = [self._make_pool(generator) for _ in range(2)]
        self.needed, self.useful = (torch.cat(parts) for parts in zip(*halves, strict=True))  # (N,) each
        self.prompt_features = self._prompt_features(generator)
        self.state_features = self._state_features()
        self.base_logits = self._base_logits()

    def _make_pool(self, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Steps needed and useful token of `pool_size` prompts, easiest first."""
        config = self.config
        hard = torch.arange(config.pool_size) >= round((1 - config.hard_fraction) * config.pool_size)
        needed = torch.randint(1, config.max_difficulty + 1, (config.pool_size,), generator=generator)
        rare = torch.randint(1, config.step_tokens, (config.pool_size,), generator=generator)
        useful = torch.where(hard, rare, FAVOURITE)
        order = torch.argsort(hard.long() * (config.max_difficulty + 1) + needed, stable=True)
        return needed[order], useful[order]

    def _prompt_features(self, generator: torch.Generator) -> Tensor:
        """One-hot steps needed, one-hot useful token, and noise: a held-out prompt differs from all others by its noise."""
        config = self.config
        steps = torch.nn.functional.one_hot(self.needed - 1, config.max_difficulty).float()
        useful = torch.nn.functional.one_hot(self.useful, config.step_tokens).float()
        noise = torch.randn(len(self.needed), config.prompt_noise, generator=generator)
        return torch.cat((steps, useful, noise), 1)

    def _state_features(self) -> Tensor:
        config = self.config
        state = torch.arange(self.num_states)
        progress = torch.nn.functional.one_hot(state // config.length_limit, config.max_difficulty + 1)
        position = torch.nn.functional.one_hot(state % config.length_limit, config.length_limit)
        return torch.cat((progress, position), 1).float()

    def _base_logits(self) -> Tensor:
        config = self.config
        rare_mass = 1 - config.favourite_probability - config.answer_probability
        probabilities = torch.full((len(self.needed), self.vocab_size), rare_mass / (config.step_tokens - 1))
        if config.distractor_pull > 0 and config.step_tokens > 2:
            # The distractor is the rare token after the useful one; what it takes, the other rare ones lose in equal parts.
            rows = (self.useful != FAVOURITE).nonzero()[:, 0]
            probabilities[rows] *= 1 - config.distractor_pull
            distractor = self.useful[rows] % (config.step_tokens - 1) + 1
            probabilities[rows, distractor] += config.distractor_pull * rare_mass
        probabilities[:, FAVOURITE] = config.favourite_probability
        probabilities[:, self.end_token] = config.answer_probability
        return probabilities.log()

    def next_state(self, prompts, states, tokens):
        limit = self.config.length_limit
        advance = (tokens == self.useful[prompts][..., None]) & (states < limit * self.config.max_difficulty)
        return (states + 1 + limit * advance).clamp_(max=self.num_states - 1)

    def states_of(self, prompts, tokens):
        useful = (tokens == self.useful[prompts][..., None, None]).long()
        progress = (useful.cumsum(-1) - useful).clamp_(max=self.config.max_difficulty)
        return progress * self.config.length_limit + torch.arange(tokens.shape[-1])

    def judge(self, prompts, completions, chance):
        steps = ((completions.tokens == self.useful[prompts][..., None, None]) & completions.mask).sum(-1)
        correct = completions.ended & (steps >= self.needed[prompts][..., None])
        return correct, correct.float()

    def prompt_text(self, prompt):
        steps = int(self.needed[prompt])
        return f"needs {steps} x {self.token_text(int(self.useful[prompt]))}" + ("" if self.useful[prompt] else " (easy)")

    def token_text(self, token: int) -> str:
        return "ANSWER" if token == self.end_token else chr(ord("a") + token) if token < 26 else f"t{token}"

    def completion_text(self, tokens):
        return " ".join(self.token_text(t) for t in tokens)
