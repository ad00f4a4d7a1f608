"""Which key of a row is its step."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from core.logs.cells import whole

# The trainer's own step before a logger's counter of calls; of a kind, the more common name first.
STEP_KEYS = (
    "train/global_step", "trainer/global_step", "global_step/max_steps", "global_step", "global_steps", "step", "steps", "training/global_step",
    "progress/step", "system/step", "trainer/step", "train/step", "training_step", "train_step", "optimizer_step", "optim_step", "update",
    "updates", "iteration", "iter", "it", "rollout_id", "rollout/step", "rollout", "progress/batch", "batch", "_step",
)  # fmt: skip
_LAST_PART = re.compile(r"(?:^|[/_. ])(?:global_)?(?:step|iteration|iter|update)s?$", re.IGNORECASE)


_SIGN = re.compile(r"(?<=[_/ ])-(?=\d)")


def fold(name: str) -> str:
    """A name reduced to what all its spellings share: lower case, any separator an underscore; the sign of a number in it stays."""
    return re.sub(r"[^a-z0-9@%]+", "_", _SIGN.sub("minus", name.lower())).strip("_") or name


_RANK = {fold(key): rank for rank, key in reversed(list(enumerate(STEP_KEYS))) if key != "_step"}


def rank(name: str) -> int | None:
    """How good a step the name is, 0 the best; None if it is no step."""
    if name == "_step":
        return len(STEP_KEYS)
    known = _RANK.get(fold(name))
    if known is not None:
        return known
    return (
        len(STEP_KEYS) - 1 if _LAST_PART.search(name) and not name.lower().startswith(("time", "eval", "test", "val")) else None
    )


def choose(rows: Iterable[Mapping[str, object]]) -> str:
    """The step key of the rows, "" if they have none: of the keys that hold whole numbers on half of the rows the best ranked one. A key
    that never changes is none."""
    rows = list(rows)
    seen: dict[str, list[int]] = {}
    ranks: dict[str, int] = {}
    for row in rows:
        for key, value in row.items():
            if key not in ranks:
                known = rank(key)
                ranks[key] = -1 if known is None else known
            if ranks[key] >= 0 and (step := whole(value)) is not None:
                seen.setdefault(key, []).append(step)
    good = [
        key for key, steps in seen.items()
        if 2 * len(steps) >= len(rows) and (len(steps) <= 2 or steps[0] != steps[-1] or len(set(steps)) > 1)
    ]  # fmt: skip
    return min(good, key=lambda key: ranks[key], default="")


def same_as(chosen: str, rows: Iterable[Mapping[str, object]]) -> tuple[str, ...]:
    """Keys that count as the chosen one does: wherever a row has both, on two rows or more, they are equal. A validation before the training
    may carry the logger's counter alone."""
    both: dict[str, list[bool]] = {}
    for row in rows:
        step = whole(row.get(chosen))
        if step is None:
            continue
        for key, value in row.items():
            if key != chosen and rank(key) is not None and (other := whole(value)) is not None:
                both.setdefault(key, []).append(other == step)
    return tuple(key for key, equal in both.items() if len(equal) > 1 and all(equal))


_TEXTS = (
    "completion", "completions", "response", "responses", "output", "generated_text", "generation", "answer", "prompt", "prompts", "input",
    "question",
)  # fmt: skip


def texts_of(rows: Iterable[Mapping[str, object]], key: str) -> str:
    """The column of what the model was asked or wrote, "" if there is none or every row has a step of its own: then a row may hold one of
    many completions beside the step's means."""
    rows = list(rows)
    column = next(
        (c for c in _TEXTS if sum(isinstance(row.get(c), str) and whole(row[c]) is None for row in rows) > len(rows) // 2), ""
    )
    steps = [step for row in rows if (step := whole(row.get(key))) is not None]
    return column if len(rows) > 1 and 2 * len(set(steps)) <= len(rows) else ""
