"""What does DAPO pay for its lead? Dynamic sampling generates several times as many completions per update."""

from __future__ import annotations

from dataclasses import replace

from core.settings.algorithm import DAPO, GRPO
from core.settings.run import RunConfig
from core.settings.scenario import Criterion, Scenario, gradient, lead, seeds
from core.settings.scenarios.chain import CHAIN, SURE_CHAIN

SAMPLE_EFFICIENCY = Scenario(
    name="sample-efficiency",
    title="DAPO is ahead per update, GRPO per sample",
    look_for="Half of the prompts need a step that the base policy almost never takes. Watch GRPO solve the easy half and then stop, "
    "because nearly all of its groups are all right or all wrong, while DAPO goes on; then look at the axis of samples generated, where "
    "DAPO has needed eight times as many.",
    afterwards="GRPO recovers. Five times longer it has begun to solve the hard half too, by the few right completions that it still draws, "
    "and reaches 0.77 held out; DAPO ends at 0.92. At equal samples generated, GRPO is ahead: dynamic sampling is fast per update, and "
    "pays for it in samples.",
    run=RunConfig(task=SURE_CHAIN, updates=480, updates_per_rollout=8, learning_rate=2e-3),
    algorithms={"GRPO": GRPO, "DAPO": DAPO},
    criteria=(
        lead("DAPO - GRPO", "eval_accuracy", 0.10),
        gradient("GRPO", at_most=0.4),
        gradient("DAPO", at_least=0.8),
        seeds("GRPO", "collapsed", at_least=9),
        seeds("DAPO", "collapsed", at_most=4),
        Criterion(("algorithms", "DAPO", "filter_ratio", "final"), at_least=0.2, at_most=0.95),
    ),
    samples=120_000,
    samples_criteria=(
        Criterion(("differences", "DAPO - GRPO", "eval_accuracy_equal_samples", "ci95", 1), at_most=0.0),
        seeds("GRPO", "collapsed", at_most=4),
    ),
)

SAMPLES_NOT_UPDATES = Scenario(
    name="samples-not-updates",
    title="The same number of samples instead of updates",
    look_for="Dynamic sampling discards completions, so DAPO generates several times as many per update. Watch DAPO lead GRPO clearly at "
    "equal updates, and then compare it, on the axis of samples generated, with a GRPO that was given six times the updates: there GRPO "
    "is ahead.",
    afterwards="Five times longer the lead per update can no longer be told from chance: GRPO ends at 0.85 held out, DAPO at 0.87, and GRPO "
    "with six times the updates at 0.91.",
    run=RunConfig(task=CHAIN, updates=480, updates_per_rollout=8, learning_rate=1.5e-3),
    algorithms={"GRPO": GRPO, "GRPO x 6": GRPO, "DAPO": replace(DAPO, overlong="none")},
    longer={"GRPO x 6": 6},
    criteria=(
        lead("DAPO - GRPO", "eval_accuracy", 0.10),
        Criterion(("differences", "DAPO - GRPO x 6", "eval_accuracy_equal_samples", "ci95", 1), at_most=0.0),
    ),
)
