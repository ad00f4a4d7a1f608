"""What happened in a step, in sentences that are computed from it."""

from __future__ import annotations

from collections import Counter

import numpy as np
import torch

from core.engine.rollout import shaped_rewards
from core.engine.tasks import make_task
from core.inspection.step import KINDS, Group, Step
from core.inspection.tables import fate, has_advantage, slot_of
from core.inspection.treatment import CLIPPED_HIGH, CLIPPED_LOW, Treatment


def summary(step: Step, treated: Treatment, label: str) -> str:
    """The update in two or three sentences. `treated` is the treatment by its own algorithm."""
    mixed = sum(g.kind == "mixed" for g in step.groups)
    of_all = f" Of the {len(step.groups)} groups generated for its rollout {mixed} {'was' if mixed == 1 else 'were'} mixed."
    return _update(step, treated, label) + (of_all if len(step.groups) > 1 else "")


def _update(step: Step, treated: Treatment, label: str) -> str:
    begin = f"Update {step.update} of {label}, seed {step.seed}: "
    inside = [(n, g) for n, g in enumerate(step.groups, start=1) if fate(step, treated, g) == "in this update"]
    dropped = [g for g in step.groups if fate(step, treated, g) == "dropped" and g.slot is not None and step.in_update[g.slot]]
    count = len(inside) + len(dropped)
    if not count:
        left = int(treated.kept.sum())
        elsewhere = f" The batch has {left} of {len(treated.kept)} places filled, and those are in other updates." if left else ""
        return begin + "no group was left to train on, so nothing was learned." + elsewhere
    scope = " in this update" if count < len(treated.kept) else ""
    if len(dropped) == count:
        return begin + f"{_all(count)}{scope} {'was' if count == 1 else 'were'} dropped. {_nothing_pulls(step)}"
    zero = sum(not has_advantage(treated, g.slot) for _, g in inside)
    told = [f"{_of(len(dropped), count)}{scope} {'was' if len(dropped) == 1 else 'were'} dropped"] if dropped else []
    if zero == len(inside):
        whose = "the rest" if dropped else _all(count) + scope
        return begin + "; ".join([*told, f"every advantage of {whose} is 0. {_nothing_pulls(step)}"])
    if zero:
        told.append(f"in {_of(zero, count)}{scope} every advantage is 0")
    elif not dropped:
        told.append(f"{_all(count)}{scope} {'has' if count == 1 else 'have'} advantages other than 0")
    return begin + "; ".join([*told, _strongest(treated, inside), _clipped(treated)]) + "."


def _nothing_pulls(step: Step) -> str:
    algorithm = step.config.algorithm
    extra = [
        word for word, weight in (("KL penalty", algorithm.kl_coef), ("entropy bonus", algorithm.entropy_coef)) if weight > 0
    ]
    rest = f"; what moves is the {' and the '.join(extra)}" if extra else ""
    return f"The clipped loss has no gradient{rest}."


def _all(count: int) -> str:
    return {1: "its only group", 2: "both groups"}.get(count) or f"all {count} groups"


def _of(part: int, count: int) -> str:
    return f"{part} of {count} groups"


def _strongest(treated: Treatment, inside: list[tuple[int, Group]]) -> str:
    share = treated.share.sum((1, 2))
    number, group = max(inside, key=lambda one: share[one[1].slot])
    if not share[group.slot] > 0:
        return "but no token has a gradient"
    if share[group.slot] > 0.995:
        return f"the whole gradient comes from group {number}, “{group.prompt_text}”, {_score(group)}"
    biggest = f"{percent(share[group.slot])} of the gradient, the largest share,"
    return f"{biggest} comes from group {number}, “{group.prompt_text}”, {_score(group)}"


def _score(group: Group) -> str:
    return f"{int(group.correct.sum())} of {len(group.correct)} right"


def _clipped(treated: Treatment) -> str:
    tokens = max(int(treated.trained.sum()), 1)
    above, below = ((treated.clipped == side).sum() / tokens for side in (CLIPPED_HIGH, CLIPPED_LOW))
    if not above and not below:
        return "no token was clipped"
    return f"{percent(above)} of the tokens were clipped above and {percent(below)} below"


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
            text += f" {_kept(len(slots), number, bool(dropped))} {_ranges(slots)} of the batch."
        surplus = sum(fate(step, treated, g) == "surplus" for g in groups)
        if surplus:
            text += f" {surplus} more {'was' if surplus == 1 else 'were'} not needed."
        told.append(text)
    empty = int((~step.batch.live[0]).sum()) if step.config.algorithm.dynamic_sampling == "refill" else 0
    if empty:
        told.append(f"Then the rounds were used up: {empty} {'slot' if empty == 1 else 'slots'} stayed empty and weigh nothing.")
    return told


def _kept(count: int, number: int, some_dropped: bool) -> str:
    if number > 1:
        return f"{count} in place of dropped ones:" if count > 1 else "One in place of a dropped one:"
    return f"The other {count} took" if some_dropped and count > 1 else "The other one took" if some_dropped else "They took"


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
    if not has_advantage(treated, slot):
        return (
            begin
            + "All its rewards are the same, so every advantage is 0: it takes a place in the update and adds nothing to the gradient."
        )
    clipped = int((treated.clipped[slot] != 0).sum())
    return begin + (
        f"It has {percent(share)} of the gradient of this update, and {clipped} of its {int(treated.trained[slot].sum())} trained tokens "
        f"are clipped.{_why_it_differs(group)}"
    )


def _why_it_differs(group: Group) -> str:
    """Where answers of equal worth have got different rewards."""
    if np.ptp(group.noiseless) > 0:
        return ""
    cause = "noise in the rewards" if np.ptp(group.unshaped) > 0 else "the overlong punishment"
    return f" All its answers are worth the same: what tells them apart is {cause}."


def batch_difference(step: Step, own: Treatment, other: Treatment, names: tuple[str, str]) -> str:
    """How many of the batch's groups each keeps, and in how many of those an advantage is not 0."""
    slots = [g.slot for g in step.groups if g.slot is not None]
    if not slots:
        return "The batch is empty: there is nothing to compare."
    kept = [sum(bool(treated.kept[slot]) for slot in slots) for treated in (own, other)]
    alive = [sum(has_advantage(treated, slot) for slot in slots) for treated in (own, other)]
    told = [f"{name} keeps {k} of them, {a} with advantages other than 0" for name, k, a in zip(names, kept, alive, strict=True)]
    return f"The batch has {len(slots)} {'group' if len(slots) == 1 else 'groups'}: {'; '.join(told)}."


def difference(step: Step, own: Treatment, other: Treatment, number: int, names: tuple[str, str]) -> str:
    """What `other` would have made of group `number`, beside what `own` did; `names` are those of the two."""
    slot, (mine, theirs) = slot_of(step, number), names
    if slot is None:
        return f"This group is not in the batch of {mine}, so there is no loss to compare. " + _anyway(
            step, step.groups[number - 1], other, theirs
        )
    if own.kept[slot] != other.kept[slot]:
        keeps, drops = (mine, theirs) if own.kept[slot] else (theirs, mine)
        one = own if own.kept[slot] else other
        without = "" if has_advantage(one, slot) else ", though at advantage 0: its tokens only dilute the mean"
        again = " and samples another" if (other if own.kept[slot] else own).algorithm.dynamic_sampling == "refill" else ""
        return f"{drops} drops this group{again}; {keeps} trains on it{without}."
    if not own.kept[slot]:
        return f"Both drop this group: neither {mine} nor {theirs} trains on it."
    told = []
    if not np.allclose(own.advantages[slot], other.advantages[slot], atol=1e-6):
        largest = np.abs(own.advantages[slot] - other.advantages[slot]).max()
        told.append(f"its advantages differ by up to {largest:.2g}")
    if step.in_update[slot]:
        told += _in_loss(own, other, slot, names)
    same = f"Both keep this group; through {theirs} "
    if not told:
        return same + ("nothing about it changes." if step.in_update[slot] else "its rewards and advantages are the same.")
    return same + "; ".join(told) + "."


def _anyway(step: Step, group: Group, other: Treatment, name: str) -> str:
    """What an algorithm that drops nothing would have done with a group that is not in the batch."""
    if other.algorithm.dynamic_sampling != "off":
        return ""
    lengths = torch.from_numpy(group.lengths)
    rewards = shaped_rewards(other.algorithm, make_task(step.config.task), torch.from_numpy(group.unshaped), lengths)
    where = " at advantage 0" if rewards.max() == rewards.min() else ""
    return f"{name}, which drops nothing, would have trained on it{where}."


def _in_loss(own: Treatment, other: Treatment, slot: int, names: tuple[str, str]) -> list[str]:
    told = []
    for side, word in ((CLIPPED_HIGH, "above"), (CLIPPED_LOW, "below")):
        mine, theirs = (int((treated.clipped[slot] == side).sum()) for treated in (own, other))
        if mine != theirs:
            told.append(f"{theirs} of its tokens are clipped {word} instead of {mine}")
    for what, values in (
        ("weight in the mean", lambda treated: treated.weight),
        ("share of the gradient", lambda treated: treated.share),
    ):
        mine, theirs = (float(values(treated)[slot].sum()) for treated in (own, other))
        if abs(mine - theirs) > 5e-4:
            told.append(f"its {what} is {percent(theirs)} instead of {percent(mine)}")
    lengths = own.trained[slot].sum(-1)
    spread = np.abs(own.weight[slot].sum(-1) - other.weight[slot].sum(-1)).max() if len(set(lengths.tolist())) > 1 else 0.0
    if spread > 5e-4 and own.algorithm.loss_aggregation != other.algorithm.loss_aggregation:
        longest = int(lengths.argmax())
        mine, theirs = (float(treated.weight[slot, longest].sum()) for treated in (own, other))
        told.append(
            f"its longest completion ({int(lengths[longest])} tokens) weighs {percent(theirs)} instead of {percent(mine)}"
        )
    return told


def percent(share: float) -> str:
    """A share of 0 … 1 for a sentence."""
    share = float(share) * 100
    return "0 %" if share == 0 else "under 0.1 %" if share < 0.1 else f"{share:.1f} %" if share < 10 else f"{share:.0f} %"
