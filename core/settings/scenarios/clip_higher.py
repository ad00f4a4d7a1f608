"""When does Clip-Higher matter? On peaked and on flat policies, where a batch is used often, and where there is nothing to learn."""

from __future__ import annotations

from dataclasses import replace

from core.settings.algorithm import DAPO, GRPO
from core.settings.run import RunConfig
from core.settings.scenario import Criterion, Scenario, lead
from core.settings.scenarios.chain import CHAIN
from core.settings.task import BanditConfig

RARE_ACTIONS = BanditConfig(
    actions=32,
    contexts=64,
    context_dim=64,
    reward_kind="bernoulli",
    noise=0.0,
    best_reward=0.9,
    favourite_reward=0.4,
    other_reward=0.2,
    favourite_probability=0.95,
    best_probability=0.004,
    activation="tanh",
)
MANY_EPOCHS = RunConfig(task=RARE_ACTIONS, updates=320, num_prompts=64, updates_per_rollout=16, epochs=16, learning_rate=2e-3)
CLIP_PAIR = {"eps_high 0.20": GRPO, "eps_high 0.28": replace(GRPO, eps_high=0.28)}
CLIP_RATIO = "eps_high 0.28 / eps_high 0.20"

CLIP_HIGHER_ENTROPY = Scenario(
    name="clip-higher-entropy",
    title="Clip-Higher keeps entropy where a batch is used often",
    look_for="Every setting of DAPO but eps_high is fixed, and every rollout is used sixteen times, so that ratios move far enough to be "
    "clipped. Watch entropy and the score rise with eps_high, from 0.20 over 0.28 to 0.40; the effect is small, and takes many seeds to "
    "be seen.",
    afterwards="All three go on to learn, and the order of entropy and score stays; where entropy is higher, more is left to learn with.",
    run=RunConfig(task=CHAIN, updates=480, updates_per_rollout=32, epochs=16, learning_rate=1e-3, replicas=64),
    algorithms={f"eps_high {eps:.2f}": replace(DAPO, eps_high=eps) for eps in (0.2, 0.28, 0.4)},
    criteria=tuple(
        lead(f"eps_high {eps} - eps_high 0.20", metric, 0.0)
        for eps in ("0.28", "0.40")
        for metric in ("entropy_nats", "eval_accuracy")
    ),
)

RANDOM_REWARD = Scenario(
    name="random-reward",
    title="Random rewards: what the clip does to entropy by itself",
    look_for="Every reward is a coin flip, so that nothing can be learned, and every change of entropy comes from the clip. Watch a higher "
    "eps_high raise entropy, and a higher eps_low lower it.",
    afterwards="The change of entropy goes on. Five times longer, 0.20 on both sides has lost a third of the entropy and the higher eps_low "
    "five sixths; with a higher eps_high there is more entropy than at the start.",
    run=RunConfig(task=replace(CHAIN, flip_probability=0.5), updates=480, updates_per_rollout=32, epochs=8, learning_rate=2e-3),
    algorithms={
        "low 0.20 high 0.20": GRPO,
        "low 0.20 high 0.28": replace(GRPO, eps_high=0.28),
        "low 0.20 high 0.40": replace(GRPO, eps_high=0.4),
        "low 0.28 high 0.20": replace(GRPO, eps_low=0.28),
    },
    criteria=(
        lead("low 0.20 high 0.28 - low 0.20 high 0.20", "entropy_nats", 0.0),
        lead("low 0.20 high 0.40 - low 0.20 high 0.20", "entropy_nats", 0.0),
        Criterion(("differences", "low 0.28 high 0.20 - low 0.20 high 0.20", "entropy_nats", "ci95", 1), at_most=0.0),
    ),
)

CLIP_HIGHER_HELPS = Scenario(
    name="clip-higher-helps",
    title="Clip-Higher on a peaked policy: rare actions grow faster",
    look_for="The base policy gives 95 % to a mediocre action and 0.4 % to the best one, so that the upper clip alone limits how fast the best "
    "one can grow. Watch 0.28 earn more than 0.20; the gain is 2 to 4 %, and takes 64 seeds to be told from chance.",
    afterwards="The lead stays but does not grow. Five times longer both lose nine tenths of their entropy, 0.28 earns 2 to 3 % more "
    "than 0.20, and the difference in entropy is no longer more than chance.",
    run=replace(MANY_EPOCHS, replicas=64),
    algorithms=CLIP_PAIR,
    criteria=(Criterion(("ratios", CLIP_RATIO, "eval_accuracy", "ci95", 0), at_least=1.0),),
)

CLIP_HIGHER_HURTS = Scenario(
    name="clip-higher-hurts",
    title="Clip-Higher on a flat policy: entropy falls faster",
    look_for="The same task and settings, but the base policy is near uniform, so that no action is rare enough to be held back by "
    "the upper clip alone. Watch 0.28 end with a seventh to a fifth less entropy than 0.20, for no reward that can be told from chance.",
    afterwards="Five times longer both have lost 99 % of their entropy, and what they earn cannot be told apart: 0.28 lost it first and gained "
    "nothing by that.",
    run=replace(MANY_EPOCHS, task=replace(RARE_ACTIONS, favourite_probability=None, best_probability=None)),
    algorithms=CLIP_PAIR,
    criteria=(Criterion(("ratios", CLIP_RATIO, "entropy_nats", "ci95", 1), at_most=1.0),),
)
