"""R copies of a network's parameters in one flat tensor, so that optimiser and gradient norm are a handful of operations."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

Shapes = dict[str, tuple[int, ...]]


class Parameters:
    """`flat` (R, P) and, on demand, named views (R, *shape) into it."""

    def __init__(self, flat: Tensor, shapes: Shapes):
        self.flat, self.shapes = flat, shapes
        self._sizes = [math.prod(shape) for shape in shapes.values()]

    def views(self) -> dict[str, Tensor]:
        """Name -> (R, *shape). Differentiable: one split, so that backward writes each gradient once."""
        parts = self.flat.split(self._sizes, dim=1)
        return {name: part.view(len(self.flat), *shape) for part, (name, shape) in zip(parts, self.shapes.items(), strict=True)}

    def select(self, active: Sequence[int]) -> Parameters:
        """The parameters of some replicas, detached."""
        return Parameters(self.flat.detach()[list(active)], self.shapes)

    def detached(self) -> Parameters:
        return Parameters(self.flat.detach(), self.shapes)


def uniform_fan_in(shape: tuple[int, ...], fan_in: int, scale: float, generator: torch.Generator) -> Tensor:
    """Uniform in ±scale/sqrt(fan_in), flattened: a linear layer's usual initialisation."""
    bound = scale / math.sqrt(max(fan_in, 1))
    return (torch.rand(math.prod(shape), generator=generator) * 2 - 1) * bound
