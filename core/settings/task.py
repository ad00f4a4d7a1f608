"""What an environment is: the knobs of instability that every task has, and those of each task."""

from __future__ import annotations

from dataclasses import dataclass

from core.settings.fields import ConfigError, check_fields, setting


@dataclass(frozen=True, kw_only=True)
class TaskConfig:
    """The knobs of instability that every task has. Subclasses live beside their task."""

    noise: float = setting(0.0, "Standard deviation of Gaussian noise added to every reward.", min=0.0, max=10.0)
    flip_probability: float = setting(0.0, "Probability that a reward of 0 / 1 is turned over.", min=0.0, max=0.5)
    too_easy_fraction: float = setting(
        0.0, "Share of training prompts on which every finished answer is right.", min=0.0, max=1.0
    )
    too_hard_fraction: float = setting(0.0, "Share of training prompts on which no answer is right.", min=0.0, max=1.0)
    drift: float = setting(
        0.0,
        "Share of prompts drawn from a window that slides over the pool, from its easy to its hard end, during training.",
        min=0.0,
        max=1.0,
    )
    pool_seed: int = setting(0, "Seed of the prompt pool; the same for all replicas.", min=0, max=2**31 - 1)

    def __post_init__(self) -> None:
        check_fields(self)
        if self.too_easy_fraction + self.too_hard_fraction > 1.0:
            raise ConfigError(
                f"too_easy_fraction + too_hard_fraction must be at most 1, got {self.too_easy_fraction} + {self.too_hard_fraction}; "
                "lower one of them"
            )


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


@dataclass(frozen=True, kw_only=True)
class ChainConfig(TaskConfig):
    """The chain's size, the mixture of its prompts and the base policy."""

    pool_size: int = setting(48, "Training prompts; as many more are held out.", min=1, max=4096)
    step_tokens: int = setting(8, "Number of step tokens, K.", min=2, max=256)
    max_difficulty: int = setting(4, "Prompts need 1 to this many useful steps, D.", min=1, max=32, unit="steps")
    length_limit: int = setting(12, "Completions are cut after this many tokens, L.", min=2, max=128, unit="tokens")
    hard_fraction: float = setting(0.5, "Share of prompts whose useful token is a rare one.", min=0.0, max=1.0)
    favourite_probability: float = setting(
        0.75, "Base-policy confidence: probability of the favourite step token.", min=0.001, max=0.999
    )
    answer_probability: float = setting(0.15, "Probability of ANSWER in the base policy.", min=0.001, max=0.999)
    distractor_pull: float = setting(
        0.0, "On hard prompts, share of the rare tokens' probability that a useless distractor takes.", min=0.0, max=0.999
    )
    prompt_noise: int = setting(8, "Random numbers in a prompt's description that say nothing about the answer.", min=0, max=256)
    width: int = setting(32, "Width of the policy network.", min=1, max=1024)
    hidden_layers: int = setting(2, "Hidden layers of the policy network.", min=1, max=4)
    activation: str = setting("tanh", "Nonlinearity of the policy network.", choices=("tanh", "relu"))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.favourite_probability + self.answer_probability >= 1:
            raise ConfigError(
                f"answer_probability must be below {1 - self.favourite_probability:g}, what favourite_probability leaves, "
                f"got {self.answer_probability}; lower one of them"
            )
        if self.length_limit <= self.max_difficulty:
            raise ConfigError(
                f"length_limit must be above max_difficulty = {self.max_difficulty} to leave room for ANSWER, got {self.length_limit}; raise it"
            )


@dataclass(frozen=True, kw_only=True)
class ArithmeticConfig(TaskConfig):
    """The sums, the teacher and the size of the GPT. Teacher and GPT fields decide which base model is used."""

    digits: int = setting(2, "Digits of each operand.", min=1, max=3)
    extra_tokens: int = setting(
        1, "Tokens that a completion may run beyond the longest right answer.", min=0, max=16, unit="tokens"
    )
    teacher_accuracy_no_carry: float = setting(0.90, "How often the teacher is right on sums without a carry.", min=0.0, max=1.0)
    teacher_accuracy_one_carry: float = setting(0.15, "How often the teacher is right on sums with one carry.", min=0.0, max=1.0)
    teacher_accuracy_more_carries: float = setting(
        0.05, "How often the teacher is right on sums with two or more carries.", min=0.0, max=1.0
    )
    width: int = setting(32, "Width of the GPT.", min=8, max=256)
    layers: int = setting(2, "Layers of the GPT.", min=1, max=8)
    heads: int = setting(4, "Attention heads of the GPT.", min=1, max=16)
    imitation_steps: int = setting(1000, "Imitation steps of the base model.", min=0, max=100_000)
    imitation_batch: int = setting(256, "Sums per imitation step.", min=1, max=8192)
    imitation_learning_rate: float = setting(3e-3, "Adam's learning rate during imitation.", min=0.0, max=1.0, open_min=True)
    imitation_seed: int = setting(0, "Seed of the base model; the same for all replicas.", min=0, max=2**31 - 1)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.width % self.heads:
            raise ConfigError(f"heads must divide width = {self.width}, got {self.heads}; choose a divisor")


TASK_CONFIGS: dict[str, type[TaskConfig]] = {"bandit": BanditConfig, "chain": ChainConfig, "arithmetic": ArithmeticConfig}


def task_name(config: TaskConfig) -> str:
    """'bandit', 'chain' or 'arithmetic'."""
    return next(name for name, kind in TASK_CONFIGS.items() if type(config) is kind)
