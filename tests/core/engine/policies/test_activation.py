"""The lab's bandit has a ReLU network, the chain a tanh one."""

import torch

from core.engine.policies import make_policy
from core.engine.tasks import make_task
from core.settings.task import BanditConfig
from tests.support import assert_close


def test_relu_and_tanh_differ_only_in_the_nonlinearity():
    tasks = {name: make_task(BanditConfig(width=5, hidden_layers=2, activation=name)) for name in ("relu", "tanh")}
    for name, function in (("relu", torch.relu), ("tanh", torch.tanh)):
        policy = make_policy(tasks[name])
        params = policy.initial([torch.Generator().manual_seed(3)])
        w = {key: value[0] for key, value in params.views().items()}
        hidden = function(tasks[name].prompt_features[0] @ w["w_prompt"] + w["b0"])
        hidden = function(hidden @ w["w1"] + w["b1"])
        expected = torch.log_softmax(hidden @ w["w_out"] + w["b_out"], 0)
        assert_close(policy.table(params, torch.tensor([[0]]), 1.0)[0, 0, 0], expected, rtol=1e-5, atol=1e-6)
