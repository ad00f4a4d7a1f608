"""Folders that `SummaryWriter.add_scalars` makes: one per series, `MAIN_KEY`, beside the writer's own files and with the one tag MAIN.

Where several tags have the same keys, as in `add_scalars("reward", {"grpo": …, "dapo": …})`, a key names a run. Elsewhere it is a part of the
metric's name, as in `add_scalars("reward", {"mean": …, "max": …})`, and the series belongs to the writer's run.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

_PARTS = frozenset(("mean", "max", "min", "std", "median", "avg", "average", "train", "training", "sum", "total"))
_EVALUATION = frozenset(("eval", "evaluation", "val", "valid", "validation", "test"))


@dataclass(frozen=True)
class SeriesFolder:
    """The run that a series belongs to (its key, "" = the writer's own) and the name of its column there."""

    run: str
    column: str


def series_of(folder: str, tags: Collection[str], beside: Collection[str]) -> SeriesFolder | None:
    """What the folder of this name holds, given the first tags of a file in it and the names of all folders beside it; None for a folder of a
    run's own."""
    if len(tags) != 1:
        return None
    (tag,) = tags
    main = tag.replace("/", "_") + "_"
    if not folder.startswith(main) or len(folder) == len(main):
        return None
    key = folder.removeprefix(main)
    if key.lower() in _EVALUATION:
        return SeriesFolder("", f"eval/{tag}")
    if key.lower() not in _PARTS and _is_shared(key, main, beside):
        return SeriesFolder(key, tag)
    return SeriesFolder("", f"{tag}/{key}")


def _is_shared(key: str, main: str, beside: Collection[str]) -> bool:
    """This key and another one both stand behind another tag too."""
    keys = {name.removeprefix(main) for name in beside if name.startswith(main)}
    others = [name for name in beside if not name.startswith(main)]
    return key in keys and sum(any(name.endswith(f"_{each}") for name in others) for each in keys) > 1 and any(
        name.endswith(f"_{key}") for name in others
    )  # fmt: skip
