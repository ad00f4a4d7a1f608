"""A step as tables: one row per generated group, per completion of a group, per token. Unknown is NaN, never 0."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.engine.tasks import make_task
from core.inspection.step import Group, Step
from core.inspection.treatment import CLIPPED_HIGH, CLIPPED_LOW, Treatment

# What two algorithms may make of a completion, and the columns of `completions_table` that it is the sum of.
SIDES = {
    "reward": ("after shaping",),
    "advantage": ("advantage",),
    "clipped": ("clipped above", "clipped below"),
    "weight": ("weight",),
    "share": ("share",),
}
CLIP_WORDS = {0: "", CLIPPED_HIGH: "above", CLIPPED_LOW: "below"}


def fate(step: Step, treated: Treatment, group: Group) -> str:
    """What became of a group: dropped, surplus (kept, but the batch was full), in this update, or in the rollout's others alone."""
    if not group.kept or (group.slot is not None and not treated.kept[group.slot]):
        return "dropped"
    if group.slot is None:
        return "surplus"
    return "in this update" if step.in_update[group.slot] else "in other updates"


def slot_of(step: Step, number: int) -> int | None:
    """The slot of group `number`, which counts from 1 in the order of generation. None = it is not in the batch."""
    return step.groups[number - 1].slot


def has_advantage(treated: Treatment, slot: int) -> bool:
    """Kept, and some advantage is not 0."""
    return bool(treated.kept[slot] and (treated.advantages[slot] != 0).any())


def groups_table(step: Step, treated: Treatment) -> pd.DataFrame:
    """One row per generated group, in the order of generation. `slot` counts from 1; numbers of the loss are NaN outside the update."""
    share = treated.share
    rows = []
    for number, group in enumerate(step.groups, start=1):
        inside = group.slot is not None and step.in_update[group.slot]
        rows.append(
            {
                "group": number,
                "round": group.round,
                "slot": np.nan if group.slot is None else group.slot + 1,
                "prompt": group.prompt_text,
                "kind": group.kind,
                "right": int(group.correct.sum()),
                "of": len(group.correct),
                "reward": float(group.rewards.mean()),
                "fate": fate(step, treated, group),
                "tokens": int(group.lengths.sum()),
                "clipped": int((treated.clipped[group.slot] != 0).sum()) if inside else np.nan,
                "share": float(share[group.slot].sum()) if inside else np.nan,
            }
        )
    return pd.DataFrame(rows)


def suggested_group(step: Step, treated: Treatment) -> int:
    """The number of the group to open first: that with most of the gradient, else the first in this update, in the batch, of all."""
    table = groups_table(step, treated)
    if table["share"].max() > 0:
        return int(table.loc[table["share"].idxmax(), "group"])
    for found in (table["fate"] == "in this update", table["fate"] == "in other updates"):
        if found.any():
            return int(table.loc[found, "group"].iloc[0])
    return 1


def completions_table(step: Step, treated: Treatment, number: int) -> pd.DataFrame:
    """One row per completion of group `number`: text, reward before and after noise and shaping, advantage, its part in the loss.
    What only the batch knows (advantage, clip, weight, share) is NaN for a group that is not in it; a dropped one has no advantage."""
    group, slot = step.groups[number - 1], slot_of(step, number)
    rows = {
        "completion": np.arange(1, len(group.texts) + 1),
        "text": group.texts,
        "tokens": group.lengths,
        "cut": ~group.ended,
        "right": group.correct,
        "reward noiseless": group.noiseless,
        "after noise": group.unshaped,
        "after shaping": group.rewards if slot is None else treated.rewards[slot],
    }
    return pd.DataFrame(rows | _part_in_loss(treated, slot, len(group.texts)))


def _part_in_loss(treated: Treatment, slot: int | None, count: int) -> dict[str, np.ndarray]:
    if slot is None:
        return {
            name: np.full(count, np.nan) for name in ("advantage", "trained", "clipped above", "clipped below", "weight", "share")
        }
    return {
        "advantage": treated.advantages[slot] if treated.kept[slot] else np.full(count, np.nan),
        "trained": treated.trained[slot].sum(-1),
        "clipped above": (treated.clipped[slot] == CLIPPED_HIGH).sum(-1),
        "clipped below": (treated.clipped[slot] == CLIPPED_LOW).sum(-1),
        "weight": treated.weight[slot].sum(-1),
        "share": treated.share[slot].sum(-1),
    }


def tokens_table(step: Step, treated: Treatment, number: int, completion: int | None = None) -> pd.DataFrame:
    """One row per token of group `number` (of one of its completions, counted from 1): its probability when it was sampled and before
    this update, their ratio, clip, weight, share of the gradient with the sign of its direction, entropy. No rows outside the batch."""
    slot = slot_of(step, number)
    names = ("completion", "position", "token", "old", "new", "ratio", "clip", "trained", "weight", "share", "pull", "entropy")
    if slot is None:
        return pd.DataFrame(columns=names)
    g, t = step.full_mask[0, slot].nonzero(as_tuple=True)
    if completion is not None:
        g, t = (index[g == completion - 1] for index in (g, t))
    g, t = g.numpy(), t.numpy()
    words = make_task(step.config.task).token_names
    values = (
        g + 1,
        t + 1,
        [words[token] for token in step.batch.tokens[0, slot, g, t].tolist()],
        step.batch.old_logprobs[0, slot, g, t].exp().numpy(),
        step.logprobs[0, slot, g, t].exp().numpy(),
        treated.ratio[slot, g, t],
        [CLIP_WORDS[clip] for clip in treated.clipped[slot, g, t].tolist()],
        treated.trained[slot, g, t],
        treated.weight[slot, g, t],
        treated.share[slot, g, t],
        treated.pull[slot, g, t] + 0.0,  # no -0
        step.entropy[0, slot, g, t].numpy(),
    )
    return pd.DataFrame(dict(zip(names, values, strict=True)))


def side_by_side(step: Step, own: Treatment, other: Treatment, number: int, names: tuple[str, str]) -> pd.DataFrame:
    """One row per completion of group `number`: what its own algorithm and the other one, called `names`, make of it."""
    tables = [completions_table(step, treated, number).set_index("completion") for treated in (own, other)]
    columns = {}
    for title, parts in SIDES.items():
        for name, table in zip(names, tables, strict=True):
            columns[f"{title}, {name}"] = sum(table[part] for part in parts)
    return pd.DataFrame(columns)


def entropy_by_position(step: Step, slot: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """(T,) mean entropy in nats at each position, and (T,) how many tokens that is a mean of: over the batch's groups, or one slot.
    NaN where there is no token."""
    slots = [group.slot for group in step.groups if group.slot is not None] if slot is None else [slot]
    mask = step.full_mask[0, slots].numpy()
    count = mask.sum((0, 1))
    total = np.where(mask, step.entropy[0, slots].numpy(), 0.0).sum((0, 1))
    return np.where(count > 0, total / np.maximum(count, 1), np.nan), count
