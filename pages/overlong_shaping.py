"""Overlong shaping: what to do with completions that near the length limit, or are cut by it."""

from core.data.recorded import lengths
from core.engine.algorithms.shaping import overlong_penalty
from core.engine.rollout import loss_mask, shaped_rewards
from pages.shared.learn.metric_words import metric_chart
from pages.shared.learn.page import LearnPage

page = LearnPage("overlong_shaping")
page.text("idea")
page.figure("ramp", data=lengths())
page.equation()
page.code(overlong_penalty)
page.text("noise")
page.figure("group")
page.code(shaped_rewards, loss_mask, key="code-three")
page.live(
    "length-runaway",
    sides=("Sequence mean", "Sequence mean + overlong"),
    replicas=16,
    updates=240,
    charts=(metric_chart("completion_tokens_mean"), metric_chart("truncated_fraction"), "eval_accuracy"),
)
page.limits()
page.questions()
page.compare("length-runaway")
page.sources()
