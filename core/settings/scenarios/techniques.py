"""What does each technique of DAPO add? All of them in order, and the two that act on long completions."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from core.settings.algorithm import DAPO, GRPO
from core.settings.run import RunConfig
from core.settings.scenario import Criterion, Scenario, change, final, lead, within
from core.settings.scenarios.chain import CHAIN

RUNGS = {
    "GRPO": GRPO,
    "with Clip-Higher": replace(GRPO, eps_high=0.28),
    "with token-level loss": replace(GRPO, eps_high=0.28, loss_aggregation="token_mean"),
    "with dynamic sampling": replace(DAPO, overlong="none"),
    "with overlong (DAPO)": replace(DAPO, overlong_buffer_tokens=6),
}
CLIP_HIGHER, TOKEN_LEVEL, DYNAMIC_SAMPLING, OVERLONG = (f"{rung} - {before}" for before, rung in pairwise(RUNGS))

LADDER = Scenario(
    name="ladder",
    title="From GRPO to DAPO, one technique at a time",
    look_for="Each run adds one technique to the one before: the ablation of the DAPO paper on a small task. Watch which technique changes "
    "the score: dynamic sampling much, token-level loss a little, Clip-Higher and the overlong punishment not at all.",
    afterwards="Five times longer every run has solved its training prompts; held out, GRPO ends at 0.79 and DAPO at 0.93, and dynamic sampling "
    "still adds the most, 0.08. At equal samples generated the runs with dynamic sampling are 0.10 behind GRPO: it makes learning faster "
    "per update, not per sample.",
    run=RunConfig(task=replace(CHAIN, length_limit=18), updates=480, updates_per_rollout=8, learning_rate=1e-3),
    algorithms=RUNGS,
    criteria=(
        *within(CLIP_HIGHER, "eval_accuracy", 0.05),
        *within(OVERLONG, "eval_accuracy", 0.05),
        Criterion(("differences", TOKEN_LEVEL, "eval_accuracy", "mean"), at_least=0.0),
        lead(DYNAMIC_SAMPLING, "eval_accuracy", 0.05),
        lead("with overlong (DAPO) - GRPO", "eval_accuracy", 0.10),
    ),
)

TOKEN_MEAN = replace(GRPO, eps_high=0.28, loss_aggregation="token_mean")
SEQUENCE_MEAN = replace(GRPO, eps_high=0.28)
SOFT = {"overlong": "soft", "overlong_buffer_tokens": 10}

LENGTH_RUNAWAY = Scenario(
    name="length-runaway",
    title="Completions grow until they are cut",
    look_for="Under the sequence mean of GRPO a long wrong completion costs no more than a short one, so that each of its tokens costs less. "
    "Watch length grow under both means, the share that is cut most under the sequence mean, and both stay low with the overlong punishment.",
    afterwards="Length falls again by itself, slowly. Five times longer the two means end at 13 and 15 tokens with almost nothing cut, "
    "and at 0.77 and 0.84 held out; with the punishment both stay near 10 tokens and reach 0.92 and 0.89.",
    run=RunConfig(
        task=replace(CHAIN, length_limit=32, favourite_probability=0.85),
        updates=480,
        updates_per_rollout=8,
        learning_rate=2e-3,
    ),
    algorithms={
        "Sequence mean": SEQUENCE_MEAN,
        "Token mean": TOKEN_MEAN,
        "Sequence mean + overlong": replace(SEQUENCE_MEAN, **SOFT),
        "Token mean + overlong": replace(TOKEN_MEAN, **SOFT),
    },
    criteria=(
        change("Sequence mean", "completion_tokens_mean", at_least=1.5),
        Criterion(("differences", "Token mean - Sequence mean", "truncated_fraction", "ci95", 1), at_most=0.0),
        final("Sequence mean + overlong", "truncated_fraction", at_most=0.05),
        final("Token mean + overlong", "truncated_fraction", at_most=0.05),
    ),
)
