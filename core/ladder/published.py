"""Ladders published by others, with the same techniques on large models, and their sources. The only numbers here that this code did not
compute."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Published:
    """A ladder in percent of right answers. One run per rung and no intervals, as published."""

    key: str
    name: str
    what: str
    source: str
    link: str
    rungs: tuple[tuple[str, str | None, float], ...]  # (name, technique that it adds, percent)
    order: str  # our order that adds the same techniques at the same places

    @property
    def gains(self) -> dict[str, float]:
        """Technique -> points that it adds to the rung before."""
        return {
            technique: after - before for (_, _, before), (_, technique, after) in pairwise(self.rungs) if technique is not None
        }

    @property
    def total(self) -> float:
        return self.rungs[-1][2] - self.rungs[0][2]

    @property
    def last(self) -> str:
        """The technique that was added last: the only one whose gain can be compared with the loss from removing it alone."""
        return self.rungs[-1][1] or ""


PAPER = Published(
    key="paper",
    name="the paper",
    what="AIME 2024, avg@32, in %; Qwen2.5-32B",
    source="DAPO, arXiv 2503.14476, Table 1",
    link="https://arxiv.org/abs/2503.14476",
    rungs=(
        ("Naive GRPO", None, 30.0),
        ("+ Overlong filtering", "Overlong filtering", 36.0),
        ("+ Clip-Higher", "Clip-Higher", 38.0),
        ("+ Soft overlong punishment", "Overlong shaping", 41.0),
        ("+ Token-level loss", "Token-level loss", 42.0),
        ("+ Dynamic sampling (DAPO)", "Dynamic sampling", 50.0),
    ),
    order="paper",
)

# Its first rung has Clip-Higher and the overlong punishment already, so only the last two steps are known. It was trained with other
# hardware and software than the two above it.
VERL = Published(
    key="verl",
    name="verl's reruns",
    what="AIME 2024 accuracy, in %; Qwen2.5-32B",
    source="verl, docs/algo/dapo.md, Reproduction Runs",
    link="https://github.com/volcengine/verl/blob/main/docs/algo/dapo.md",
    rungs=(
        ("Without the two below", None, 44.0),
        ("+ Token-level loss", "Token-level loss", 50.0),
        ("+ Dynamic sampling (DAPO)", "Dynamic sampling", 52.0),
    ),
    order="paper",
)

PUBLISHED = (PAPER, VERL)
