"""What the browser tests of the Learn pages need to know about each page: one module per page, named like it, with CASES and DRAGS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Case:
    """`function(*arguments)` of figures/PAGE.js must give `expected`, which is computed by the Python function it mirrors: a number,
    None for what is not finite, or a list or dict of them. `within` is relative, or absolute near 0."""

    function: str
    arguments: list
    expected: Any
    within: float = 1e-6


@dataclass(frozen=True)
class Drag:
    """Pulling the handle of `control` in `figure` by `by` = (right, down) pixels changes the read-out `output` to what `shows` says for
    the state that the controls then have, a number as it is shown (compared to half of its last digit) or words."""

    figure: str
    control: str
    by: tuple[int, int]
    output: str
    shows: Callable[[dict], float | str]
