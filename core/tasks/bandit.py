"""The lab's three-armed bandit, generalised: K actions, several contexts, Gaussian or Bernoulli rewards."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from core.config import TaskConfig
from core.fields import ConfigError, setting
from core.tasks.base import MarkovTask


@dataclass(frozen=True, kw_only=True)
class BanditConfig(TaskConfig):
    """Defaults: the lab's one state and three actions that pay 0.3, 1.0 and 0.5, plus N(0, 0.1) noise, clamped at 0."""

    noise: float = setting(0.1, "Standard deviation of Gaussian noise added to every reward.", min=0.0, max=10.0)
    actions: int = setting(3, "Number of actions, K.", min=2, max=256)
    contexts: int = setting(1, "Number of contexts (prompts).", min=1, max=4096)
    context_dim: int = setting(4, "Numbers that describe a context to the policy.", min=1, max=256)
    reward_kind: str = setting(
        "gaussian",
        "gaussian: the action's mean is paid. bernoulli: 1 with that probability, else 0.",
        choices=("gaussian", "bernoulli"),
    )
    best_reward: float = setting(1.0, "Mean reward of the best action.", min=0.0, max=10.0)
    favourite_reward: float = setting(0.5, "Mean reward of the action that the base policy favours.", min=0.0, max=10.0)
    other_reward: float = setting(0.3, "Mean reward of every other action.", min=0.0, max=10.0)
    favourite_probability: float | None = setting(
        None,
        "Base-policy confidence: probability of the favourite action (none = the network's own, near uniform).",
        min=0.001,
        max=0.999,
    )
    best_probability: float | None = setting(
        None, "Probability of the best action in the base policy (none = like the others).", min=0.00001, max=0.999
    )
    width: int = setting(64, "Width of the policy network.", min=1, max=1024)
    hidden_layers: int = setting(2, "Hidden layers of the policy network.", min=1, max=4)
    activation: str = setting("relu", "Nonlinearity of the policy network.", choices=("tanh", "relu"))

    def __post_init__(self) -> None:
        super().__post_init__()
        means = (self.best_reward, self.favourite_reward, self.other_reward)
        if self.reward_kind == "bernoulli" and max(means) > 1:
            raise ConfigError(
                f"best_reward, favourite_reward and other_reward must be at most 1 as probabilities, got {max(means)}; lower it"
            )
        if self.best_reward < max(means):
            raise ConfigError(f"best_reward must be at least {max(means)}, the largest mean, got {self.best_reward}; raise it")
        if self.best_probability is not None and self.favourite_probability is None:
            raise ConfigError(
                f"best_probability needs favourite_probability to be set, got {self.best_probability} without it; set both or neither"
            )
        if self.best_probability is not None and self.actions == 2:
            raise ConfigError(
                f"best_probability must be none with 2 actions, where it is what favourite_probability leaves, got {self.best_probability}; "
                "remove it or raise actions"
            )
        if (self.favourite_probability or 0) + (self.best_probability or 0) >= 1:
            raise ConfigError(
                f"best_probability must be below {1 - (self.favourite_probability or 0):g}, what favourite_probability leaves, "
                f"got {self.best_probability}; lower one of them"
            )


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
        generator = torch.Generator().manual_seed(config.pool_seed)
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
            table = policy.distribution(params, prompts, torch.zeros(*prompts.shape, 1, 1, dtype=torch.long), temperature)
        return (table[:, :, 0, 0].exp() * self.means).sum(-1).mean(-1)

    def prompt_text(self, prompt):
        return f"context {prompt}: best action {int(self.best[prompt])}"

    def completion_text(self, tokens):
        return f"action {tokens[0]}"

    @property
    def token_names(self):
        if self.config.contexts > 1:
            return super().token_names
        return tuple(f"action {token} (pays {mean:.3g})" for token, mean in enumerate(self.means[0].tolist()))
