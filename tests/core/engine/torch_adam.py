"""Adam as torch computes it, for tests that compare with it."""

import inspect

import torch
from torch.optim.adam import adam


class TorchAdam:
    """`torch.optim.Adam` by the function that computes its steps, with its defaults: to construct one imports TorchDynamo and SymPy, which takes
    0.9 s, and four times that where they have not been compiled yet."""

    def __init__(self, parameter: torch.Tensor, lr: float):
        self.parameter, self.lr = [parameter], lr
        self.mean, self.square, self.steps = [torch.zeros_like(parameter)], [torch.zeros_like(parameter)], [torch.tensor(0.0)]
        self.usual = {name: value.default for name, value in inspect.signature(torch.optim.Adam).parameters.items()}

    @torch.no_grad()
    def step(self, gradient: torch.Tensor) -> None:
        beta1, beta2 = self.usual["betas"]
        rest = {name: self.usual[name] for name in ("amsgrad", "weight_decay", "eps", "maximize")}
        state = (self.mean, self.square, [], self.steps)
        adam(self.parameter, [gradient], *state, foreach=False, beta1=beta1, beta2=beta2, lr=self.lr, **rest)
