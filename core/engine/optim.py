"""Adam and global-norm clipping for R replicas in one flat tensor, each with its own learning rate and its own norm."""

from __future__ import annotations

import torch
from torch import Tensor


class ReplicaAdam:
    """Adam (Kingma & Ba 2015, with bias correction) on `flat` (R, P), in place; `learning_rate` is a number or (R,)."""

    def __init__(
        self,
        flat: Tensor,
        learning_rate: float | tuple[float, ...],
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
    ):
        self.learning_rate = torch.as_tensor(learning_rate, dtype=flat.dtype).expand(flat.shape[0])[:, None]
        self.betas, self.epsilon = betas, epsilon
        self.mean, self.square = torch.zeros_like(flat), torch.zeros_like(flat)
        self._step = torch.empty_like(flat)  # reused: fresh memory costs more than the arithmetic
        self.steps = 0

    @torch.no_grad()
    def step(self, flat: Tensor, gradient: Tensor, active: Tensor | None = None) -> None:
        """Update `flat` (R, P) with `gradient` (R, P), the rows of the replicas in `active` (R,) bool (default: all)."""
        self.steps += 1
        beta1, beta2 = self.betas
        root = (1 - beta2**self.steps) ** 0.5  # the bias corrections are applied to scalars instead of to the (R, P) tensors
        self.mean.lerp_(gradient, 1 - beta1)
        self.square.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        torch.sqrt(self.square, out=self._step).add_(self.epsilon * root)
        torch.div(self.mean, self._step, out=self._step)
        rate = self.learning_rate if active is None else self.learning_rate * active[:, None]
        flat.addcmul_(self._step, rate, value=-root / (1 - beta1**self.steps))


def clip_by_global_norm(gradient: Tensor, max_norm: float) -> tuple[Tensor, Tensor]:
    """(R, P) -> (gradient scaled so that each replica's norm is at most max_norm, the norms (R,) before scaling)."""
    norms = torch.linalg.vector_norm(gradient, dim=1)
    return gradient * (max_norm / norms.clamp(min=max_norm))[:, None], norms
