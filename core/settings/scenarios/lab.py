"""What went wrong in the lab that printed 0.0000, and what is left when it is repaired."""

from __future__ import annotations

from dataclasses import replace

from core.settings.algorithm import LAB_DEFECTS, AlgorithmConfig
from core.settings.run import RunConfig
from core.settings.scenario import Scenario, change, final, gradient
from core.settings.task import BanditConfig

LAB_GRPO = AlgorithmConfig(entropy_coef=0.001, defects=LAB_DEFECTS)
LAB_DAPO = replace(LAB_GRPO, reward_clip_factor=2.0, dynamic_sampling="filter", filter_on="reward", filter_threshold=0.05)
LAB_RUN = RunConfig(task=BanditConfig(), updates=100, num_prompts=1, group_size=32, updates_per_rollout=1, learning_rate=5e-3)

LAB = Scenario(
    name="lab",
    title="The lab that printed 0.0000",
    look_for="The original exercise with its three defects left in: the ratio's two sides share a graph, one update per rollout, and a "
    "filter that looks at the whole batch. Watch nothing happen: no gradient, no filtering, no learning, for either algorithm.",
    afterwards="Nothing happens later either: five times longer the entropy bonus alone has made the policy exactly uniform, and the "
    "reward is still that of guessing.",
    run=LAB_RUN,
    algorithms={"GRPO": LAB_GRPO, "DAPO": LAB_DAPO},
    criteria=tuple(
        criterion
        for label in ("GRPO", "DAPO")
        for criterion in (
            gradient(label, at_most=0.0),
            final(label, "filter_ratio", at_most=0.0),
            change(label, "entropy_nats", at_least=0.99, at_most=1.01),
        )
    ),
)

LAB_REPAIRED = Scenario(
    name="lab-repaired",
    title="The same lab, repaired",
    look_for="Old log-probabilities are detached, there are four updates per rollout, and the filter looks at each group's outcome without "
    "noise. Watch a gradient, a gain in reward, and a loss of all entropy: one state with one best action needs none.",
    afterwards="Entropy stays lost, and it does no harm: the policy takes the best action every time, for either algorithm. On one "
    "state with one best action there is nothing that DAPO could do better.",
    run=replace(LAB_RUN, updates=400, updates_per_rollout=4, epochs=4),
    algorithms={
        "GRPO": replace(LAB_GRPO, defects=()),
        "DAPO": replace(LAB_DAPO, defects=(), filter_on="correct", filter_threshold=0.01),
    },
    criteria=tuple(change(label, "entropy_nats", at_most=0.01) for label in ("GRPO", "DAPO")),
)
