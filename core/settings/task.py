"""The settings of an environment: the sources of instability that every task has, and the settings of each task."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from core.settings.fields import ConfigError
from core.settings.schema import settings


@settings
class TaskConfig:
    """The sources of instability that every task has. Each task is a subclass with a name of its own."""

    name: str = ""
    noise: float = Field(0.0, ge=0.0, le=10.0, description="Standard deviation of Gaussian noise added to every reward.")
    flip_probability: float = Field(0.0, ge=0.0, le=0.5, description="Probability that a reward of 0 / 1 is turned over.")
    too_easy_fraction: float = Field(
        0.0, ge=0.0, le=1.0, description="Share of training prompts on which every finished answer is right."
    )
    too_hard_fraction: float = Field(0.0, ge=0.0, le=1.0, description="Share of training prompts on which no answer is right.")
    drift: float = Field(
        0.0,
        ge=0.0,
        le=1.0,
        description="Share of prompts drawn from a window that slides over the pool, from its easy to its hard end, during training.",
    )
    pool_seed: int = Field(0, ge=0, le=2**31 - 1, description="Seed of the prompt pool; the same for all replicas.")

    @model_validator(mode="after")
    def _pool_is_shared(self):
        if self.too_easy_fraction + self.too_hard_fraction > 1.0:
            raise ConfigError(
                f"too_easy_fraction + too_hard_fraction must be at most 1, got {self.too_easy_fraction} + {self.too_hard_fraction}; "
                "lower one of them"
            )
        return self


@settings
class BanditConfig(TaskConfig):
    """Defaults: the lab's one state and three actions that pay 0.3, 1.0 and 0.5, plus N(0, 0.1) noise, clamped at 0."""

    name: Literal["bandit"] = "bandit"
    noise: float = Field(0.1, ge=0.0, le=10.0, description="Standard deviation of Gaussian noise added to every reward.")
    actions: int = Field(3, ge=2, le=256, description="Number of actions, K.")
    contexts: int = Field(1, ge=1, le=4096, description="Number of contexts (prompts).")
    context_dim: int = Field(4, ge=1, le=256, description="Numbers that describe a context to the policy.")
    reward_kind: Literal["gaussian", "bernoulli"] = Field(
        "gaussian", description="gaussian: the action's mean is paid. bernoulli: 1 with that probability, else 0."
    )
    best_reward: float = Field(1.0, ge=0.0, le=10.0, description="Mean reward of the best action.")
    favourite_reward: float = Field(0.5, ge=0.0, le=10.0, description="Mean reward of the action that the base policy favours.")
    other_reward: float = Field(0.3, ge=0.0, le=10.0, description="Mean reward of every other action.")
    favourite_probability: float | None = Field(
        None,
        ge=0.001,
        le=0.999,
        description="Base-policy confidence: probability of the favourite action (none = the network's own, near uniform).",
    )
    best_probability: float | None = Field(
        None, ge=0.00001, le=0.999, description="Probability of the best action in the base policy (none = like the others)."
    )
    width: int = Field(64, ge=1, le=1024, description="Width of the policy network.")
    hidden_layers: int = Field(2, ge=1, le=4, description="Hidden layers of the policy network.")
    activation: Literal["tanh", "relu"] = Field("relu", description="Nonlinearity of the policy network.")

    @model_validator(mode="after")
    def _rewards_and_base_policy_are_possible(self):
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
        return self


@settings
class ChainConfig(TaskConfig):
    """The chain's size, the mixture of its prompts and the base policy."""

    name: Literal["chain"] = "chain"
    pool_size: int = Field(48, ge=1, le=4096, description="Training prompts; as many more are held out.")
    step_tokens: int = Field(8, ge=2, le=256, description="Number of step tokens, K.")
    max_difficulty: int = Field(
        4, ge=1, le=32, json_schema_extra={"unit": "steps"}, description="Prompts need 1 to this many useful steps, D."
    )
    length_limit: int = Field(
        12, ge=2, le=128, json_schema_extra={"unit": "tokens"}, description="Completions are cut after this many tokens, L."
    )
    hard_fraction: float = Field(0.5, ge=0.0, le=1.0, description="Share of prompts whose useful token is a rare one.")
    favourite_probability: float = Field(
        0.75, ge=0.001, le=0.999, description="Base-policy confidence: probability of the favourite step token."
    )
    answer_probability: float = Field(0.15, ge=0.001, le=0.999, description="Probability of ANSWER in the base policy.")
    distractor_pull: float = Field(
        0.0,
        ge=0.0,
        le=0.999,
        description="On hard prompts, share of the rare tokens' probability that a useless distractor takes.",
    )
    prompt_noise: int = Field(
        8, ge=0, le=256, description="Random numbers in a prompt's description that say nothing about the answer."
    )
    width: int = Field(32, ge=1, le=1024, description="Width of the policy network.")
    hidden_layers: int = Field(2, ge=1, le=4, description="Hidden layers of the policy network.")
    activation: Literal["tanh", "relu"] = Field("tanh", description="Nonlinearity of the policy network.")

    @model_validator(mode="after")
    def _answers_fit(self):
        if self.favourite_probability + self.answer_probability >= 1:
            raise ConfigError(
                f"answer_probability must be below {1 - self.favourite_probability:g}, what favourite_probability leaves, "
                f"got {self.answer_probability}; lower one of them"
            )
        if self.length_limit <= self.max_difficulty:
            raise ConfigError(
                f"length_limit must be above max_difficulty = {self.max_difficulty} to leave room for ANSWER, got {self.length_limit}; raise it"
            )
        return self


@settings
class ArithmeticConfig(TaskConfig):
    """The sums, the teacher and the size of the GPT. Teacher and GPT fields decide which base model is used."""

    name: Literal["arithmetic"] = "arithmetic"
    digits: int = Field(2, ge=1, le=3, description="Digits of each operand.")
    extra_tokens: int = Field(
        1,
        ge=0,
        le=16,
        json_schema_extra={"unit": "tokens"},
        description="Tokens that a completion may run beyond the longest right answer.",
    )
    teacher_accuracy_no_carry: float = Field(
        0.90, ge=0.0, le=1.0, description="How often the teacher is right on sums without a carry."
    )
    teacher_accuracy_one_carry: float = Field(
        0.15, ge=0.0, le=1.0, description="How often the teacher is right on sums with one carry."
    )
    teacher_accuracy_more_carries: float = Field(
        0.05, ge=0.0, le=1.0, description="How often the teacher is right on sums with two or more carries."
    )
    width: int = Field(32, ge=8, le=256, description="Width of the GPT.")
    layers: int = Field(2, ge=1, le=8, description="Layers of the GPT.")
    heads: int = Field(4, ge=1, le=16, description="Attention heads of the GPT.")
    imitation_steps: int = Field(1000, ge=0, le=100_000, description="Imitation steps of the base model.")
    imitation_batch: int = Field(256, ge=1, le=8192, description="Sums per imitation step.")
    imitation_learning_rate: float = Field(3e-3, gt=0.0, le=1.0, description="Adam's learning rate during imitation.")
    imitation_seed: int = Field(0, ge=0, le=2**31 - 1, description="Seed of the base model; the same for all replicas.")

    @model_validator(mode="after")
    def _heads_divide_the_width(self):
        if self.width % self.heads:
            raise ConfigError(f"heads must divide width = {self.width}, got {self.heads}; choose a divisor")
        return self


AnyTask = Annotated[BanditConfig | ChainConfig | ArithmeticConfig, Field(discriminator="name")]
