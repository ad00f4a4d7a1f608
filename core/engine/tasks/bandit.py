"""The lab's three-armed bandit, generalised: K actions, several contexts, Gaussian or Bernoulli rewards."""

from __future__ import annotations

import torch
from torch import Tensor

from core.engine.pieces import pieces
from core.engine.rng import seeded
from core.engine.tasks.base import MarkovTask
from core.settings.task import BanditConfig


class Bandit(MarkovTask):
    """`correct` is "took a best action" for Gaussian rewards and "was paid" for Bernoulli rewards."""

    end_token = None
    max_tokens = 1
    num_states = 1
    clamp_reward_at_zero = True
    score_name = "expected true reward"
    score_unit = "reward"
    score_meaning = "What the policy would be paid on average, the noise left out: the number that counts in the end."

    def __init__(self, config: BanditConfig):
        self.config = config
        self.train_size = config.contexts
        self.eval_prompts = torch.arange(config.contexts)  # no held-out contexts: the expected true reward needs none
        self.vocab_size = config.actions
        generator = seeded("prompt pool", config.pool_seed)
        self.best, self.favourite = self._place_actions(generator)
        self.means = torch.full((config.contexts, config.actions), config.other_reward)
        self.means.scatter_(1, self.favourite[:, None], config.favourite_reward)
        self.means.scatter_(1, self.best[:, None], config.best_reward)
        self.reward_range = (0.0, 1.0 if config.reward_kind == "bernoulli" else float(self.means.max()))
        if config.contexts == 1:
            self.prompt_features = torch.ones(1, config.context_dim)
        else:
            self.prompt_features = torch.randn(config.contexts, config.context_dim, generator=generator)
        self.state_features = torch.zeros(1, 0)
        self.base_logits = self._base_logits()

    def _place_actions(self, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Index of the best and of the favourite action per context; the lab's order (0.3, 1.0, 0.5) for a single context."""
        config = self.config
        if config.contexts == 1:
            return torch.tensor([1]), torch.tensor([2 % config.actions])
        best = torch.randint(config.actions, (config.contexts,), generator=generator)
        shift = torch.randint(1, config.actions, (config.contexts,), generator=generator)
        return best, (best + shift) % config.actions

    def _base_logits(self) -> Tensor:
        config = self.config
        if config.favourite_probability is None:
            return torch.zeros(config.contexts, config.actions)
        named = config.favourite_probability + (config.best_probability or 0.0)
        others = config.actions - (2 if config.best_probability else 1)
        probabilities = torch.full((config.contexts, config.actions), (1 - named) / max(others, 1))
        if config.best_probability:
            probabilities.scatter_(1, self.best[:, None], config.best_probability)
        probabilities.scatter_(1, self.favourite[:, None], config.favourite_probability)
        return (probabilities / probabilities.sum(1, keepdim=True)).log()

    def next_state(self, prompts, states, tokens):
        return states

    def states_of(self, prompts, tokens):
        return torch.zeros_like(tokens)

    def judge(self, prompts, completions, chance):
        actions = completions.tokens[..., 0]
        means = self.means[prompts].gather(-1, actions)
        if self.config.reward_kind == "bernoulli":
            paid = chance < means
            return paid, paid.float()
        return means >= self.means[prompts].amax(-1, keepdim=True), means

    def evaluate(self, policy, params, temperature):
        """(R,) expected true reward of the policy (sampling, not greedy), mean over contexts."""
        prompts = self.eval_prompts.expand(len(params.flat), -1)
        with torch.no_grad():
            parts = []
            for some in pieces(prompts.shape[1], 4 * len(prompts) * self.vocab_size):
                policy.check_stop()
                asked = prompts[:, some]
                table = policy.distribution(params, asked, torch.zeros(*asked.shape, 1, 1, dtype=torch.long), temperature)
                parts.append((table[:, :, 0, 0].exp() * self.means[some]).sum(-1))
        return torch.cat(parts, 1).mean(-1)

    def prompt_text(self, prompt):
        return f"context {prompt}: best action {int(self.best[prompt])}"

    def completion_text(self, tokens):
        return f"action {tokens[0]}"

    @property
    def token_names(self):
        if self.config.contexts > 1:
            return super().token_names
        return tuple(f"action {token} (pays {mean:.3g})" for token, mean in enumerate(self.means[0].tolist()))
