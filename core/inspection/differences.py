"""How two algorithms treat the same groups differently, in sentences that are computed from both treatments."""

from __future__ import annotations

import numpy as np
import torch

from core.engine.rollout import shaped_rewards
from core.engine.tasks import make_task
from core.inspection.sentences import percent
from core.inspection.step import Group, Step
from core.inspection.tables import has_advantage, slot_of
from core.inspection.treatment import CLIPPED_HIGH, CLIPPED_LOW, Treatment


def batch_difference(step: Step, own: Treatment, other: Treatment, names: tuple[str, str]) -> str:
    """How many of the batch's groups each keeps, and in how many of those an advantage is not 0."""
    slots = [g.slot for g in step.groups if g.slot is not None]
    if not slots:
        return "The batch is empty: there is nothing to compare."
    kept = [sum(bool(treated.kept[slot]) for slot in slots) for treated in (own, other)]
    alive = [sum(has_advantage(treated, slot) for slot in slots) for treated in (own, other)]
    told = [f"{name} keeps {k} of them, {a} with advantages other than 0." for name, k, a in zip(names, kept, alive, strict=True)]
    return " ".join([f"The batch has {len(slots)} {'group' if len(slots) == 1 else 'groups'}.", *told])


def difference(step: Step, own: Treatment, other: Treatment, number: int, names: tuple[str, str]) -> str:
    """How the treatment of group `number` by `other` differs from that by `own`; `names` are those of the two."""
    slot, (mine, theirs) = slot_of(step, number), names
    if slot is None:
        told = [f"This group is not in the batch of {mine}, so there is no loss to compare."]
        return " ".join(told + _without_filter(step, step.groups[number - 1], other, theirs))
    if own.kept[slot] != other.kept[slot]:
        keeps, drops = (mine, theirs) if own.kept[slot] else (theirs, mine)
        keeper, dropper = (own, other) if own.kept[slot] else (other, own)
        refills = dropper.algorithm.dynamic_sampling == "refill" and dropper.algorithm.max_rounds > 1
        text = f"{drops} drops this group and samples another" if refills else f"{drops} drops this group"
        if has_advantage(keeper, slot):
            return f"{text}; {keeps} trains on it."
        return f"{text}; {keeps} trains on it, though at advantage 0: its tokens only dilute the mean."
    if not own.kept[slot]:
        return f"Both drop this group: neither {mine} nor {theirs} trains on it."
    told = []
    if not np.allclose(own.advantages[slot], other.advantages[slot], atol=1e-6):
        largest = np.abs(own.advantages[slot] - other.advantages[slot]).max()
        told.append(f"Its advantages with {theirs} differ from those with {mine} by up to {largest:.2g}.")
    if step.in_update[slot]:
        told += _in_loss(own, other, slot, names)
    if told:
        return " ".join(["Both keep this group.", *told])
    if step.in_update[slot]:
        return f"Both keep this group; with {theirs} nothing about it changes."
    return f"Both keep this group; with {theirs} its rewards and advantages are the same."


def _without_filter(step: Step, group: Group, other: Treatment, name: str) -> list[str]:
    """What an algorithm that drops nothing would have done with a group that is not in the batch, as a sentence; [] for one that filters."""
    if other.algorithm.dynamic_sampling != "off":
        return []
    lengths = torch.from_numpy(group.lengths)
    rewards = shaped_rewards(other.algorithm, make_task(step.config.task), torch.from_numpy(group.unshaped), lengths)
    if rewards.max() == rewards.min():
        return [f"{name}, which drops nothing, would have trained on it at advantage 0."]
    return [f"{name}, which drops nothing, would have trained on it."]


def _in_loss(own: Treatment, other: Treatment, slot: int, names: tuple[str, str]) -> list[str]:
    """A sentence for each thing about the group in `slot` that differs in the loss."""
    told, (one, two) = [], names
    for side, word in ((CLIPPED_HIGH, "above"), (CLIPPED_LOW, "below")):
        mine, theirs = (int((treated.clipped[slot] == side).sum()) for treated in (own, other))
        if mine != theirs:
            told.append(f"Tokens clipped {word}: {theirs} with {two}, {mine} with {one}.")
    for what, values in (
        ("weight in the mean", lambda treated: treated.weight),
        ("share of the gradient", lambda treated: treated.share),
    ):
        mine, theirs = (float(values(treated)[slot].sum()) for treated in (own, other))
        if abs(mine - theirs) > 5e-4:
            told.append(f"Its {what} is {percent(theirs)} with {two} and {percent(mine)} with {one}.")
    lengths = own.trained[slot].sum(-1)
    spread = np.abs(own.weight[slot].sum(-1) - other.weight[slot].sum(-1)).max() if len(set(lengths.tolist())) > 1 else 0.0
    if spread > 5e-4 and own.algorithm.loss_aggregation != other.algorithm.loss_aggregation:
        longest = int(lengths.argmax())
        mine, theirs = (float(treated.weight[slot, longest].sum()) for treated in (own, other))
        tokens = int(lengths[longest])
        told.append(
            f"Its longest completion ({tokens} tokens) weighs {percent(theirs)} with {two} and {percent(mine)} with {one}."
        )
    return told
