"""The titles, units and captions of all charts, live or finished, in one table."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.engine.tasks import TASKS, Task
from core.settings.task import TaskConfig


@dataclass(frozen=True)
class Words:
    """A chart without its data. `name` is its metric where it shows one."""

    name: str
    title: str
    unit: str
    caption: str  # one line: what to look for
    bounds: tuple[float | None, float | None] = (None, None)  # bounds of the values
    range: tuple[float, float] | None = None  # fixes the axis


ENTROPY = Words(
    "entropy_nats",
    "Entropy",
    "nats",
    "How many options the policy still tries. Falling to the dotted line, it has stopped exploring.",
    (0, None),
)
GRADIENT = Words(
    "grad_norm",
    "Gradient norm",
    "before clipping",
    "How strongly an update pulls. Near zero nothing is learned; spikes are instability.",
    (0, None),
)
REWARD = Words(
    "reward_mean",
    "Reward",
    "as the algorithm sees it",
    "Mean over everything generated, before filtering. It can rise while the policy learns less and less.",
)
SCORE = Words("eval_accuracy", "", "", "")  # what it measures depends on the task: see `score_words`
FILTER = Words(
    "filter_ratio",
    "Filter ratio",
    "dropped ÷ generated groups",
    "What dynamic sampling throws away. Towards one, signal costs ever more samples.",
    (0, 1),
    (0, 1),
)
GROUPS = Words(
    "groups",
    "Groups",
    "share of generated groups",
    "Only mixed groups tell right from wrong. Where all answers are wrong, or all right, advantages are 0, or noise and shaping alone.",
    (0, 1),
    (0, 1),
)
RANKS = Words(
    "distribution_rank",
    "What the policy generates, by rank",
    "probability of the next token",
    "In every context the likeliest token comes first. All mass on rank 1: one answer is left per context, nothing else is ever tried.",
    (0, 1),
)
TOKENS = Words(
    "distribution_token",
    "What the policy generates, by token",
    "probability of the next token",
    "Which tokens are still in use. One that has fallen to zero is never sampled, so that no reward can bring it back.",
    (0, 1),
)
STABILITY = Words(
    "stability",
    "Stability",
    "variance over the second half of the updates",
    "Left is steady, right is restless. Steady is good only while the score rises: what has stopped learning is steady too.",
    (0, None),
)
CLIPPED = Words(
    "clip_fraction",
    "Clipped tokens",
    "fraction of the minibatch's tokens",
    "Tokens whose gradient a clip stops. The upper clip holds back what the update would make likelier, the lower one what it would "
    "make rarer.",
    (0, 1),
)
UPCLIPPED = Words(
    "upclipped_prob_mean",
    "How likely the up-clipped tokens were",
    "probability under the policy that sampled them",
    "Low: the upper clip holds down rare tokens, those that exploration needs. Raising ε_high is for them.",
    (0, 1),
)
LENGTH = Words(
    "completion_tokens_mean",
    "Completion length",
    "tokens",
    "Growth towards the limit without a better score is length for its own sake; what is cut there cannot be right.",
    (0, None),
)


def task_of(config: TaskConfig) -> type[Task]:
    """The class of the task: what it measures is known without building it."""
    return TASKS[config.name][1]


def score_words(config: TaskConfig) -> Words:
    """The words of `eval_accuracy` on this task."""
    task = task_of(config)
    title = task.score_name[0].upper() + task.score_name[1:]
    bounds = (0, 1) if task.score_unit == "fraction" else (None, None)
    return replace(SCORE, title=title, unit=task.score_unit, caption=task.score_meaning, bounds=bounds)


def live_words(config: TaskConfig) -> tuple[Words, ...]:
    """The six charts that are drawn live, in their order."""
    return ENTROPY, GRADIENT, REWARD, score_words(config), FILTER, GROUPS
