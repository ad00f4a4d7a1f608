"""What happened in a step, in sentences that are computed from it."""

from __future__ import annotations

from collections import Counter

import numpy as np

from core.inspection.step import KINDS, Group, Step
from core.inspection.tables import fate, has_advantage, slot_of
from core.inspection.treatment import CLIPPED_HIGH, CLIPPED_LOW, Treatment
from core.settings.algorithm import AlgorithmConfig
from core.settings.task import TaskConfig

MOMENTUM = "Adam's momentum from earlier updates"
ROUNDING = 1e-5  # of rewards, and of shares in per cent, in single precision


def summary(step: Step, treated: Treatment, label: str) -> str:
    """The update in a few sentences. `treated` is the treatment by its own algorithm."""
    told = [f"Update {step.update} of {label}, seed {step.seed}.", *_update(step, treated)]
    if (count := len(step.groups)) > 1:
        mixed = sum(g.kind == "mixed" for g in step.groups)
        told.append(f"Of the {count} groups generated for its rollout {mixed} {'was' if mixed == 1 else 'were'} mixed.")
    return " ".join(told)


def _update(step: Step, treated: Treatment) -> list[str]:
    inside = [(n, g) for n, g in enumerate(step.groups, start=1) if fate(step, treated, g) == "in this update"]
    dropped = [g for g in step.groups if fate(step, treated, g) == "dropped" and g.slot is not None and step.in_update[g.slot]]
    count = len(inside) + len(dropped)
    if not count:
        left = int(treated.kept.sum())
        elsewhere = f"The batch has {left} of {len(treated.kept)} places filled, and those are in other updates."
        return [f"No group was left to train on: only {MOMENTUM} can move the policy.", *([elsewhere] if left else [])]
    told = [_dropped(len(dropped), count)] if dropped else []
    if not inside:
        return [*told, _no_gradient(step)]
    zero = sum(not has_advantage(treated, g.slot) for _, g in inside)
    if zero or not dropped:
        told.append(_zero_advantages(zero, len(inside), count))
    if zero == len(inside):
        return [*told, _no_gradient(step)]
    if not (treated.share > 0).any():
        return [*told, _no_gradient(step), _clipped(treated)]
    return [*told, _strongest(treated, inside), *_left_out(step), _clipped(treated)]


def _left_out(step: Step) -> list[str]:
    """That shares of the gradient are those of the clipped loss, where the loss has other terms."""
    names = _penalties(step.config.algorithm)
    return [f"Shares leave the {' and the '.join(names)} out."] if names else []


def _dropped(dropped: int, count: int) -> str:
    """That `dropped` of the `count` groups of an update were dropped."""
    if dropped == count:
        return "Its only group was dropped." if count == 1 else f"All {count} groups of this update were dropped."
    return f"{dropped} of the {count} groups of this update {'was' if dropped == 1 else 'were'} dropped."


def _zero_advantages(zero: int, trained: int, count: int) -> str:
    """In how many of an update's `trained` groups every advantage is 0; the others of its `count` groups were dropped."""
    if not zero:
        return (
            "Its only group has advantages other than 0."
            if count == 1
            else f"All {count} groups of this update have advantages other than 0."
        )
    if zero < trained:
        return f"In {zero} of the {count} groups of this update every advantage is 0."
    if trained < count:
        return "In all other groups of this update every advantage is 0."
    return (
        "In its only group every advantage is 0." if count == 1 else f"In all {count} groups of this update every advantage is 0."
    )


def _no_gradient(step: Step) -> str:
    movers = [*(f"the {name}" for name in _penalties(step.config.algorithm)), MOMENTUM]
    return f"The clipped loss has no gradient: only {' and '.join(movers)} can move the policy."


def _penalties(algorithm: AlgorithmConfig) -> list[str]:
    """What the loss has beside the clipped surrogate."""
    terms = {"KL penalty": algorithm.kl_coef, "entropy bonus": algorithm.entropy_coef}
    return [name for name, weight in terms.items() if weight > 0]


def _strongest(treated: Treatment, inside: list[tuple[int, Group]]) -> str:
    share = treated.share.sum((1, 2))
    number, group = max(inside, key=lambda one: share[one[1].slot])
    biggest = share[group.slot]
    if not (share[[other.slot for _, other in inside if other is not group]] > 0).any():
        return f"The whole gradient comes from group {number}, “{group.prompt_text}”, {_score(group)}."
    return f"The largest share of the gradient, {percent(biggest)}, comes from group {number}, “{group.prompt_text}”, {_score(group)}."


def _score(group: Group) -> str:
    return f"{int(group.correct.sum())} of {len(group.correct)} right"


def _clipped(treated: Treatment) -> str:
    tokens = max(int(treated.trained.sum()), 1)
    above, below = ((treated.clipped == side).sum() / tokens for side in (CLIPPED_HIGH, CLIPPED_LOW))
    if not above and not below:
        return "No token was clipped."
    return f"{percent(above)} of the tokens were clipped above and {percent(below)} below."


def rounds(step: Step, treated: Treatment) -> list[str]:
    """One sentence per generation round: what was generated, dropped and why, and which slots of the batch the rest took."""
    told = []
    last = max(g.round for g in step.groups)
    for number in range(1, last + 1):
        groups = [g for g in step.groups if g.round == number]
        dropped = [g for g in groups if fate(step, treated, g) == "dropped"]
        text = f"Round {number}: {_counted(groups)}."
        if dropped:
            text += f" Dropped: {_counted(dropped)}."
        slots = [g.slot + 1 for g in groups if g.slot is not None and g not in dropped]
        if slots:
            text += f" {_taken(len(slots), _ranges(slots), number, bool(dropped))}"
        surplus = sum(fate(step, treated, g) == "surplus" for g in groups)
        if surplus:
            text += f" {surplus} more {'was' if surplus == 1 else 'were'} not needed."
        told.append(text)
    empty = int((~step.batch.live[0]).sum()) if step.config.algorithm.dynamic_sampling == "refill" else 0
    if empty:
        told.append(
            f"The rounds were then used up: {empty} {'slot' if empty == 1 else 'slots'} stayed empty, with weight zero in the loss."
        )
    return told


def _taken(count: int, slots: str, number: int, some_dropped: bool) -> str:
    """Which slots of the batch the `count` kept groups of round `number` took."""
    if number > 1:
        return (
            f"{count} replaced dropped groups in {slots} of the batch."
            if count > 1
            else f"One replaced a dropped group in {slots} of the batch."
        )
    if some_dropped:
        return f"The other {count} took {slots} of the batch." if count > 1 else f"The other one took {slots} of the batch."
    return f"They took {slots} of the batch." if count > 1 else f"It took {slots} of the batch."


def _counted(groups: list[Group]) -> str:
    kinds = Counter(g.kind for g in groups)
    return ", ".join(f"{kinds[kind]} {kind}" for kind in KINDS if kinds[kind])


def _ranges(numbers: list[int]) -> str:
    """[1, 2, 3, 7] -> 'slots 1 to 3 and 7'"""
    runs: list[list[int]] = []
    for n in sorted(numbers):
        if runs and n == runs[-1][1] + 1:
            runs[-1][1] = n
        else:
            runs.append([n, n])
    parts = [str(a) if a == b else f"{a} to {b}" if b > a + 1 else f"{a} and {b}" for a, b in runs]
    text = parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]
    return ("slot " if len(numbers) == 1 else "slots ") + text


def group_sentence(step: Step, treated: Treatment, number: int) -> str:
    """What became of one group, and why."""
    group, slot = step.groups[number - 1], slot_of(step, number)
    begin = f"Group {number}, round {group.round}, “{group.prompt_text}”: {_score(group)}, {group.kind}. "
    became = fate(step, treated, group)
    if became == "dropped":
        return begin + "Dynamic sampling dropped it: it is in no update."
    if became == "surplus":
        return begin + "It was kept, but the batch was full already: it is in no update."
    if became == "in other updates":
        return begin + f"It is in slot {slot + 1} of the batch, which other updates of this rollout train on, not this one."
    share = treated.share[slot].sum()
    if not treated.trained[slot].any():
        return (
            begin
            + "All its completions were truncated, and overlong filtering leaves those out: it adds nothing to the gradient."
        )
    if not has_advantage(treated, slot):
        return begin + f"All its rewards are the same, so every advantage is 0: {_at_advantage_0(treated.algorithm)}."
    clipped = int((treated.clipped[slot] != 0).sum())
    return begin + (
        f"It has {percent(share)} of the gradient of this update, and {clipped} of its {int(treated.trained[slot].sum())} trained tokens "
        f"are clipped.{_why_it_differs(step.config.task, group)}"
    )


def _at_advantage_0(algorithm: AlgorithmConfig) -> str:
    """What a trained group whose advantages are all 0 does in the update."""
    if others := _penalties(algorithm):
        return (
            f"it takes a place in the update and adds nothing to the gradient but its part of the {' and of the '.join(others)}"
        )
    return "it takes a place in the update and adds nothing to the gradient"


def _why_it_differs(task: TaskConfig, group: Group) -> str:
    """The causes, where equally good answers got different rewards."""
    if np.ptp(group.noiseless) > 0:
        return ""
    by_chance = np.ptp(group.unshaped) > 0
    causes = {
        "noise in the rewards": by_chance and task.noise > 0,
        "flipped rewards": by_chance and task.flip_probability > 0,
        "the overlong punishment": np.ptp(group.rewards - group.unshaped) > ROUNDING,
    }
    names = " and ".join(name for name, acts in causes.items() if acts)
    return f" All its answers are equally good: their rewards differ only because of {names}."


def percent(share: float) -> str:
    """A share of 0 … 1 for a sentence. What is not all, but for rounding, is not told as all, and what is not nothing not as nothing."""
    share = float(share) * 100
    if 0 < share < 0.1 or 99.5 <= share < 100 - ROUNDING:
        return "under 0.1 %" if share < 0.1 else "over 99 %"
    return f"{share:.1f} %" if 0 < share < 10 else f"{share:.0f} %"
