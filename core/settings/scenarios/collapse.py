"""Does GRPO collapse where DAPO learns? On the chain (the default) and on addition with a small GPT."""

from __future__ import annotations

from dataclasses import replace

from core.settings.algorithm import DAPO, GRPO
from core.settings.run import RunConfig
from core.settings.scenario import Scenario, final, gradient, lead, seeds
from core.settings.scenarios.chain import MOSTLY_HARD_CHAIN
from core.settings.task import ArithmeticConfig

COLLAPSE = Scenario(
    name="collapse",
    title="GRPO collapses where DAPO learns, at equal updates and at equal samples",
    look_for="Seven of ten prompts need a step that the base policy almost never takes, and the learning rate is too high for both "
    "algorithms. Watch most seeds of GRPO lose their entropy while most of their groups are all wrong, so that no gradient is left to "
    "learn from; DAPO generates until its batch has groups with a signal, and loses entropy and gradient only where it has solved the "
    "prompts. Given as many samples as DAPO has used, GRPO does not catch up: choose a budget of samples in the sidebar to see it.",
    afterwards="GRPO does not recover. Five times longer, and trained on until it has generated as many samples as DAPO, it has collapsed "
    "in every seed and is more than half of the held-out prompts behind; DAPO has solved the prompts in 14 of 16 seeds and collapsed in two.",
    run=RunConfig(task=MOSTLY_HARD_CHAIN, updates=480, updates_per_rollout=8, learning_rate=0.014),
    algorithms={"GRPO": GRPO, "DAPO": replace(DAPO, max_rounds=20)},
    criteria=(
        lead("DAPO - GRPO", "eval_accuracy", 0.2),
        seeds("GRPO", "collapsed", at_least=9),
        seeds("DAPO", "collapsed", at_most=4),
        gradient("GRPO", at_most=0.15),
    ),
    samples=230_000,
    samples_criteria=(
        lead("DAPO - GRPO", "eval_accuracy_equal_samples", 0.2),
        seeds("GRPO", "collapsed", at_least=12),
        seeds("DAPO", "collapsed", at_most=4),
        gradient("GRPO", at_most=0.05),
    ),
)

ADDITION = Scenario(
    name="addition",
    title="A small GPT learns to carry with DAPO, and collapses with GRPO",
    look_for="A GPT with 26,000 parameters learned addition from examples in which carries were forgotten, and goes on with reinforcement "
    "learning. Watch every group of GRPO become all wrong, after which no gradient is left, while DAPO's share of right answers rises.",
    afterwards="GRPO does not recover. Five times longer it answers less than 1 % of the held-out sums, with every group all wrong and no "
    "gradient, while DAPO reaches 93 % and has solved its prompts in 13 of 16 seeds. DAPO is ahead at equal samples generated as well. Its "
    "entropy falls too, because it becomes certain of right answers: low entropy alone is not a fault.",
    run=RunConfig(
        task=ArithmeticConfig(),
        updates=1000,
        updates_per_rollout=8,
        epochs=4,
        learning_rate=1.8e-3,
        group_size=8,
        replicas=8,
    ),
    algorithms={"GRPO": GRPO, "DAPO": replace(DAPO, overlong="none")},
    criteria=(
        final("GRPO", "eval_accuracy", at_most=0.10),
        gradient("GRPO", at_most=0.25),
        final("DAPO", "eval_accuracy", at_least=0.30),
        gradient("DAPO", at_least=0.75),
        lead("DAPO - GRPO", "eval_accuracy", 0.2),
        lead("DAPO - GRPO", "eval_accuracy_equal_samples", 0.1),
    ),
)
