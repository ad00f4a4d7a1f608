"""Choices that cannot matter, said of runs before they are trained: what the engine does not look at, or what comes to the same."""

from __future__ import annotations

from collections.abc import Mapping

import scipy  # not scipy.special nor scipy.stats, see core/analysis/stats.py

from core.engine.not_looked_at import (
    IDLE,
    drops_dead_groups,
    drops_dead_groups_alone,
    filters_on_correctness,
    hard_prompts,
    rewards_are_correctness,
)
from core.engine.outlook import dead_share
from core.engine.tasks import make_task
from core.engine.tasks.sizes import task_sizes
from core.settings.algorithm import AlgorithmConfig
from core.settings.run import RunConfig
from core.settings.task import ChainConfig
from core.settings.words import in_words

TINY_SHARE = 0.005  # of the groups
SHARES = ("too_easy_fraction", "too_hard_fraction")
TOSS = 0.5  # flip_probability that leaves nothing of a reward


def without_effect(runs: Mapping[str, RunConfig], usual: Mapping[str, RunConfig] | None = None) -> list[str]:
    """Sentences about choices in `runs`, label -> settings, that cannot matter. Labels stand in them as they are. A setting that is not
    looked at is told where it was chosen: where it is not as in the run of that label in `usual`, or without one, as by default."""
    found: list[str] = []
    for label, run in runs.items():
        texts = [*_of_one(run), *_not_looked_at(run, *_before(label, run, usual or {}))]
        found += [text.replace("{label}", label) for text in texts]
    labels = list(runs)
    for place, label in enumerate(labels):
        same = next((other for other in labels[:place] if runs[other] == runs[label]), None)
        if same is not None:
            found.append(f"{same} and {label} are the same run: their lines will lie on each other.")
    first = next(iter(runs.values()))
    if first.replicas < 3:
        found.append(
            f"With {first.replicas} {'seed' if first.replicas == 1 else 'seeds'} there is no interval: differences may be chance."
        )
    return _together(found, labels)


def _of_one(run: RunConfig) -> list[str]:
    return [text for about in (_about_clip, _about_length, _about_groups, _about_rewards) for text in about(run)]


def _about_clip(run: RunConfig) -> list[str]:
    algorithm, found = run.algorithm, []
    if "undetached_ratio" in algorithm.defects:
        found.append(
            "{label}: the ratio's two sides share a graph, a defect left in on purpose: the policy gradient is exactly 0, and only an "
            "entropy bonus or a KL penalty moves the policy."
        )
    if run.effective_updates_per_rollout == 1:
        found.append("{label}: with one update per rollout the ratio is always 1, so that no clip can act.")
    elif algorithm.eps_low == 1.0:
        found.append("{label}: with ε_low = 1 the ratio would have to fall below 0, so that the lower clip can never act.")
    if algorithm.kl_coef > 0 and algorithm.kl_estimator == "k1":
        found.append(
            "{label}: the gradient of the KL estimator k1 is 0 on average over fresh samples, so that the penalty adds noise and holds nothing."
        )
    return found


def _about_length(run: RunConfig) -> list[str]:
    algorithm, tokens, found = run.algorithm, task_sizes(run.task).tokens, []
    if tokens == 1 and algorithm.loss_aggregation == "token_mean":
        found.append("{label}: completions are one token long here, so that the token-level loss is the sequence mean.")
    if tokens == 1 and algorithm.loss_aggregation == "constant":
        found.append("{label}: completions are one token long here, so that a constant in place of their length changes nothing.")
    if tokens == 1 and algorithm.overlong != "none":
        found.append("{label}: completions are one token long here, so that nothing is overlong.")
    if algorithm.overlong == "soft" and algorithm.overlong_penalty == 0:
        found.append("{label}: overlong shaping with a penalty of 0 punishes nothing.")
    return found


def _about_groups(run: RunConfig) -> list[str]:
    algorithm, dead, found = run.algorithm, dead_share(run), []
    if dead > 1 - TINY_SHARE:
        missing = (
            "learning has nothing to begin with" if rewards_are_correctness(run) else "no group shows which answers are right"
        )
        found.append(f"{{label}}: practically every group is all right or all wrong at the start, so that {missing}.")
    if algorithm.dynamic_sampling == "refill" and algorithm.max_rounds == 1:
        found.append("{label}: with one round dynamic sampling drops groups and samples none in their place.")
    whole_batch = "whole_batch_filter" in algorithm.defects
    if whole_batch and algorithm.dynamic_sampling != "off":
        found.append(
            "{label}: the filter looks at the whole batch, a defect left in on purpose: it keeps all groups or drops all."
        )
    if algorithm.dynamic_sampling == "refill" and algorithm.filter_on == "reward" and _noise_tells_apart(run) and not whole_batch:
        found.append(
            "{label}: dynamic sampling looks at rewards, which noise makes differ in every group, so that it drops practically none."
        )
    elif dead < TINY_SHARE and drops_dead_groups_alone(run):
        found.append(
            "{label}: practically every group carries a signal at the start, so that dynamic sampling has nothing to drop yet."
        )
    if algorithm.dynamic_sampling == "filter" and not whole_batch:
        found += _about_threshold(run)
    return found


def _noise_tells_apart(run: RunConfig) -> bool:
    """Whether noise makes the rewards of practically every group differ. Some tasks raise rewards below 0 to 0, where they are alike."""
    task, made = run.task, make_task(run.task)
    if task.noise == 0 or not made.clamp_reward_at_zero:
        return task.noise > 0
    means = (0.0,) if task.reward_kind == "bernoulli" else (task.best_reward, task.favourite_reward, task.other_reward)
    return bool(scipy.special.ndtr(-min(means) / task.noise) ** run.group_size < TINY_SHARE)


def _about_threshold(run: RunConfig) -> list[str]:
    algorithm, size = run.algorithm, run.group_size
    if algorithm.filter_threshold == 0:
        return ["{label}: no variance is below 0, so that dynamic sampling drops no group."]
    widest = (size // 2) * (size - size // 2) / size**2  # of G answers as many right as wrong
    if filters_on_correctness(run) and algorithm.filter_threshold > widest:
        return [
            f"{{label}}: right and wrong answers have a variance of at most {widest:.3g}, so that dynamic sampling drops every group and "
            "nothing is trained."
        ]
    return []


def _about_rewards(run: RunConfig) -> list[str]:
    task, found = run.task, []
    if task.flip_probability == TOSS:
        found.append("{label}: a reward that is flipped half of the time says nothing, so that nothing can be learned from it.")
    if task.noise > 0 and dead_share(run) > TINY_SHARE and not drops_dead_groups(run):
        noise = (
            "what is learned from them is noise"
            if rewards_are_correctness(run, noise=0.0)
            else "part of what is learned from them is noise"
        )
        found.append(f"{{label}}: noise makes the rewards of all-right and all-wrong groups differ by chance, and {noise}.")
    found += [
        f"{{label}}: {share:g} of {pool} {'prompt' if pool == 1 else 'prompts'} is less than half of one, so that “{in_words(name)}” "
        "changes none."
        for name, share, count, pool in _shares(run)
        if share > 0 and count == 0
    ]
    return found


def _shares(run: RunConfig) -> list[tuple[str, float, int, int]]:
    """(field, share, prompts that it makes, prompts in the pool) of each share of the prompts."""
    task, pool = run.task, make_task(run.task).train_size
    found = [(name, getattr(task, name), round(getattr(task, name) * pool), pool) for name in SHARES]
    if isinstance(task, ChainConfig):
        found.append(("hard_fraction", task.hard_fraction, hard_prompts(task), pool))
    return found


def _not_looked_at(run: RunConfig, algorithm: AlgorithmConfig, before: RunConfig | None) -> list[str]:
    """What was chosen for `run`, whose algorithm and other settings were these before."""
    found = []
    for rule in IDLE:
        if not rule.idle(run):
            continue
        chosen = run if rule.part == "run" else getattr(run, rule.part)
        was = algorithm if rule.part == "algorithm" else before if rule.part == "run" else before and before.task
        for name in rule.names:
            usual = getattr(was, name) if was is not None and hasattr(was, name) else _default(type(chosen), name)
            if hasattr(chosen, name) and getattr(chosen, name) != usual:
                found.append(f"{{label}}: “{in_words(name)}” ({name}) acts only {rule.when}.")
    return found


def _before(label: str, run: RunConfig, usual: Mapping[str, RunConfig]) -> tuple[AlgorithmConfig, RunConfig | None]:
    known = usual.get(label)
    return known.algorithm if known else AlgorithmConfig(), known or next(iter(usual.values()), None)


def _default(kind: type, name: str) -> object:
    field = kind.__pydantic_fields__.get(name)
    return field.default if field else None


def _together(sentences: list[str], labels: list[str]) -> list[str]:
    """What holds for every side is said once, without a label."""
    out: list[str] = []
    for sentence in sentences:
        label, colon, rest = sentence.partition(": ")
        shared = colon and label in labels and len(labels) > 1 and all(f"{other}: {rest}" in sentences for other in labels)
        text = rest[0].upper() + rest[1:] if shared else sentence
        if text not in out:
            out.append(text)
    return out
