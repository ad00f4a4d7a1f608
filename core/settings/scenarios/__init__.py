"""The named experiments: a task, two or more algorithms, what to look for, and the criteria that measured numbers must meet.

One module per question: does GRPO collapse (`collapse`), what does DAPO pay for its lead (`samples`), what does each technique add
(`techniques`), when does Clip-Higher matter (`clip_higher`), what went wrong in the lab (`lab`). `chain` has the task that most share.

Settings were found by searching over the environment, the same for every algorithm of a scenario, and hold for other seeds too;
docs/findings.md has what was measured.
"""

from __future__ import annotations

import difflib

from core.settings.fields import ConfigError, short
from core.settings.scenario import Scenario
from core.settings.scenarios.clip_higher import CLIP_HIGHER_ENTROPY, CLIP_HIGHER_HELPS, CLIP_HIGHER_HURTS, RANDOM_REWARD
from core.settings.scenarios.collapse import ADDITION, COLLAPSE
from core.settings.scenarios.lab import LAB, LAB_REPAIRED
from core.settings.scenarios.samples import SAMPLE_EFFICIENCY, SAMPLES_NOT_UPDATES
from core.settings.scenarios.techniques import LADDER, LENGTH_RUNAWAY

DEFAULT = COLLAPSE.name

SCENARIOS: dict[str, Scenario] = {
    s.name: s
    for s in (
        COLLAPSE,
        SAMPLE_EFFICIENCY,
        ADDITION,
        LADDER,
        CLIP_HIGHER_ENTROPY,
        RANDOM_REWARD,
        CLIP_HIGHER_HELPS,
        CLIP_HIGHER_HURTS,
        SAMPLES_NOT_UPDATES,
        LENGTH_RUNAWAY,
        LAB,
        LAB_REPAIRED,
    )
}


def find_scenario(name: str) -> Scenario:
    """The scenario called `name`. ConfigError, with the nearest name, if there is none."""
    if name in SCENARIOS:
        return SCENARIOS[name]
    near = difflib.get_close_matches(name, SCENARIOS, n=1)
    remedy = f"did you mean {near[0]}?" if near else f"choose one of {', '.join(SCENARIOS)}"
    raise ConfigError(f"scenario must be a known name, got {short(repr(name))}; {remedy}")
