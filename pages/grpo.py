"""GRPO in five minutes: the group as baseline, the division, and the clip."""

from core.engine.algorithms.advantages import group_advantages
from core.engine.algorithms.losses import policy_loss
from pages.shared.learn.page import LearnPage

page = LearnPage("grpo")
page.text("idea")
page.figure("advantages")
page.equation()
page.code(group_advantages)
page.text("amplification")
page.figure("amplification")
page.equation("surrogate")
page.figure("surrogate")
page.code(policy_loss, key="code-loss")
page.live("sample-efficiency", sides=("GRPO",), replicas=16, charts=("reward_mean", "groups", "grad_norm"))
page.limits()
page.questions()
page.compare("sample-efficiency")
page.sources()
