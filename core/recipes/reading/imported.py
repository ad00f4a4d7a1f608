"""A run of somebody else made small enough for the Lab: its algorithm whole, its sizes within the Lab's bounds, every change told."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from core.engine.tasks import make_task
from core.logs.sentences import Sentence
from core.recipes.reading import sentences as s
from core.recipes.reading.draft import Draft
from core.settings.algorithm import AlgorithmConfig
from core.settings.fields import ConfigError, value_text
from core.settings.labels import free_label
from core.settings.run import RunConfig
from core.settings.scenario import Scenario
from core.settings.schema import check_value

MOST_UPDATES, LEAST_GROUP, MOST_GROUP = 256, 2, 256  # RunConfig's bounds
LABEL = "Yours"


@dataclass(frozen=True)
class Imported:
    """`algorithm` and `sizes` (group_size, num_prompts, epochs, updates_per_rollout, temperature, max_grad_norm) as the Lab can train them.
    `notes`: what was told, guessed, refused or changed, a sentence each."""

    framework: str
    version: str
    algorithm: AlgorithmConfig
    sizes: dict[str, float]
    notes: tuple[Sentence, ...]

    def beside(self, scenario: Scenario) -> dict[str, RunConfig]:
        """`scenario`'s sides with these sizes, and one more with this algorithm."""
        runs = {label: replace(run, **self.sizes) for label, run in scenario.runs().items()}
        first = next(iter(runs.values()))
        return runs | {free_label(LABEL, runs): replace(first, algorithm=self.algorithm)}


def fitted(draft: Draft, base: RunConfig, reward_range: int = 1) -> Imported:
    """`draft` on the task and with the learning rate of `base`. `reward_range`: how much more a right answer of theirs is worth."""
    values = draft.values
    _fit_overlong(draft, base, reward_range)
    sizes = _fit_sizes(draft, base)
    values.note(s.KEPT_RATE, theirs=value_text(draft.learning_rate), ours=value_text(base.learning_rate))
    values.tell_absent()
    return Imported(values.framework, values.version, draft.made(), sizes, tuple(values.notes))


def _fit_overlong(draft: Draft, base: RunConfig, reward_range: int) -> None:
    values, whole = draft.values, make_task(base.task).max_tokens
    if draft.buffer is not None:
        theirs, of = draft.buffer
        ours = max(1, min(64, round(theirs / of * whole)))
        values.note(s.BUFFER, theirs=theirs, theirs_of=of, ours=ours, ours_of=whole)
        draft.put("overlong_buffer_tokens", ours, "overlong_buffer_tokens")
    penalty = draft.algorithm.get("overlong_penalty")
    if penalty and reward_range != 1:
        draft.put("overlong_penalty", penalty / reward_range, "overlong_penalty")
        values.note(s.PENALTY, theirs=penalty, range=reward_range, ours=penalty / reward_range)


def _fit_sizes(draft: Draft, base: RunConfig) -> dict[str, float]:
    values, theirs = draft.values, draft.sizes
    group = min(max(int(theirs["group_size"] or LEAST_GROUP), LEAST_GROUP), MOST_GROUP)
    if group != theirs["group_size"]:
        bound = "least" if group == LEAST_GROUP else "most"
        values.note(s.SHRUNK_GROUP, theirs=theirs["group_size"], ours=group, bound=bound)
    epochs, updates = _fit_updates(draft)
    least = updates // math.gcd(updates, epochs)  # the prompts must be a multiple of this
    prompts = -(-base.num_prompts // least) * least
    if theirs["num_prompts"] not in (None, prompts):
        values.note(s.SHRUNK_PROMPTS, theirs=value_text(_round(theirs["num_prompts"])), ours=prompts, least=base.num_prompts)
    sizes = {"group_size": group, "epochs": epochs, "updates_per_rollout": updates, "num_prompts": prompts}
    return sizes | _fit_rest(draft, base)


def _fit_updates(draft: Draft) -> tuple[int, int]:
    """(epochs, updates per rollout), which the epochs divide."""
    values, theirs = draft.values, draft.sizes
    epochs = min(max(int(theirs["epochs"] or 1), 1), 64)
    wanted = theirs["updates_per_rollout"] or epochs
    updates = epochs * max(1, round(min(wanted, MOST_UPDATES) / epochs))
    updates -= epochs if updates > MOST_UPDATES else 0
    if wanted > MOST_UPDATES:
        values.note(s.SHRUNK_UPDATES, theirs=value_text(_round(wanted)), ours=updates)
    elif updates != wanted:
        values.note(s.UNEVEN_UPDATES, theirs=value_text(_round(wanted)), ours=updates)
    return epochs, updates


def _fit_rest(draft: Draft, base: RunConfig) -> dict[str, float]:
    out = {}
    for name in ("temperature", "max_grad_norm"):
        value = draft.sizes[name]
        if name == "max_grad_norm" and value == 0:
            value = 1e6  # 0 switches the bound off there
        try:
            check_value(RunConfig, name, value, called=name)
        except ConfigError as error:
            draft.values.note(s.REFUSED, key=name, reason=str(error), default=value_text(getattr(base, name)))
            value = getattr(base, name)
        out[name] = value
    return out


def _round(value: float) -> float:
    return int(value) if value == int(value) else round(value, 2)
