"""From a text or a file to an algorithm of the Lab: which framework's settings they are, of which version, and what they mean."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from core.logs.sentences import listed, say
from core.logs.source import Refused
from core.recipes.reading import openrlhf, trl, verl
from core.recipes.reading import sentences as s
from core.recipes.reading.draft import Draft
from core.recipes.reading.imported import Imported, fitted
from core.recipes.reading.summary import is_event_file, summary_text
from core.recipes.reading.syntax import Flat, decoded, read_text, soft_overlong
from core.recipes.reading.values import Values
from core.settings.run import RunConfig
from core.settings.scenarios import SCENARIOS

HEADER = re.compile(r"^# For (TRL|verl|ms-swift|OpenRLHF) (\d+(?:\.\d+)*); ", re.MULTILINE)  # see core.recipes.render


@dataclass(frozen=True)
class Reader:
    """`own`: names, or beginnings of names, that only this framework's settings have."""

    own: tuple[str, ...]
    read: Callable[[Flat, str | None], Draft]


def _trl(flat: Flat, given: str | None) -> Draft:
    version, hint = trl.version_of(flat, given)
    defaults = trl.trl_defaults(version)
    values = Values(flat, "TRL", defaults.name)
    _tell_version(values, hint, given)
    return trl.read_trl(values, defaults)


def _swift(flat: Flat, given: str | None) -> Draft:
    values = Values(flat, "ms-swift", given or trl.SWIFT.name)
    _tell_version(values, "", given)
    return trl.read_trl(values, trl.SWIFT)


def _verl(flat: Flat, given: str | None) -> Draft:
    version, hint = verl.version_of(flat, given)
    values = Values(flat, "verl", version)
    _tell_version(values, hint, given)
    return verl.read_verl(values)


def _openrlhf(flat: Flat, given: str | None) -> Draft:
    values = Values(openrlhf.renamed(flat), "OpenRLHF", given or openrlhf.VERSION)
    _tell_version(values, "", given)
    return openrlhf.read_openrlhf(values)


READERS = {
    "verl": Reader(("actor_rollout_ref.", "algorithm.adv_estimator", "algorithm.filter_groups", "data.train_batch_size"), _verl),
    "ms-swift": Reader(("rlhf_type", "max_resample_times", "dynamic_sample", "overlong_filter", "soft_cache_length", "swift_version"), _swift),
    "openrlhf": Reader(
        ("algo.", "actor.eps_clip", "rollout.n_samples_per_prompt", "eps_clip_low_high", "n_samples_per_prompt", "init_kl_coef"), _openrlhf
    ),
    "trl": Reader(
        ("loss_type", "num_generations", "epsilon", "epsilon_high", "scale_rewards", "max_completion_length", "num_iterations", "beta"), _trl
    ),
}  # fmt: skip


def read_settings(
    data: bytes | str,
    *,
    framework: str | None = None,
    version: str | None = None,
    base: RunConfig | None = None,
    reward_range: int = 1,
) -> Imported:
    """The algorithm that `data` describes, on the task of `base` (the first scenario's unless given). `reward_range`: what a right answer of
    theirs is worth more than a wrong one. Refused, with one sentence, if nothing can be read or it is not GRPO's kind."""
    if isinstance(data, bytes) and is_event_file(data):
        data = summary_text(data)
    text = decoded(data)
    flat = read_text(text) | soft_overlong(text)
    framework, version = framework or written_for(text)[0], version or written_for(text)[1]
    found = framework or _recognised(flat)
    if found not in READERS:
        raise Refused(say(s.UNKNOWN_FRAMEWORK, known=", ".join(READERS), value=found))
    draft = READERS[found].read(flat, version)
    return fitted(draft, base or next(iter(next(iter(SCENARIOS.values())).runs().values())), reward_range)


def written_for(text: str) -> tuple[str | None, str | None]:
    """(framework, version) that a file of the Lab's own says it is for."""
    match = HEADER.search(text)
    return (match[1].lower(), match[2]) if match else (None, None)


def _recognised(flat: Flat) -> str:
    """The framework with most names of its own. In a tie the first of READERS, which has the rarer names."""
    scores = {name: sum(any(_is_own(key, own) for own in reader.own) for key in flat) for name, reader in READERS.items()}
    if scores["ms-swift"]:  # its other names are TRL's
        return "ms-swift"
    best = max(scores, key=scores.get)
    if not scores[best]:
        raise Refused(say(s.NO_FRAMEWORK, names=listed(list(flat), most=8)))
    return best


def _is_own(key: str, own: str) -> bool:
    """A dotted name also counts as the beginning of longer ones."""
    return key == own or ("." in own and key.startswith(own))


def _tell_version(values: Values, hint: str, given: str | None) -> None:
    if hint:
        values.note(s.VERSION_GUESSED, reason=hint)
    elif given is None:
        values.note(s.VERSION_ASSUMED)
