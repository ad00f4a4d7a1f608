"""The chain task as the scenarios use it: half or more of the prompts need a step that the base policy almost never takes.

The scenarios on the chain differ in how many prompts are hard, how long a completion may get and how sure the base policy is.
"""

from __future__ import annotations

from dataclasses import replace

from core.settings.task import ChainConfig

CHAIN = ChainConfig(
    step_tokens=6,
    max_difficulty=4,
    length_limit=12,
    pool_size=48,
    hard_fraction=0.5,
    favourite_probability=0.8,
    answer_probability=0.1,
    prompt_noise=4,
)
SURE_CHAIN = replace(CHAIN, favourite_probability=0.85, answer_probability=0.12, distractor_pull=0.5)
MOSTLY_HARD_CHAIN = replace(SURE_CHAIN, hard_fraction=0.7, favourite_probability=0.92, answer_probability=0.07)
