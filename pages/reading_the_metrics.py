"""Reading the metrics: what each number counts, over what, and what it looks like when things go well and badly."""

from core.analysis.detectors import entropy_low_update
from core.engine.rollout import Tally
from pages.shared.learn import reading
from pages.shared.learn.metric_words import metric_chart
from pages.shared.learn.page import LearnPage

page = LearnPage("reading_the_metrics")
page.text("idea")
page.figure("scrub", data=reading.scrubbed())
page.equation()
page.code(Tally, entropy_low_update)
reading.cards(page)
page.live(
    "sample-efficiency",
    replicas=16,
    updates=160,
    charts=(metric_chart("accuracy"), metric_chart("reward_trained_mean"), "groups", "grad_norm"),
)
page.limits()
page.questions()
page.compare("sample-efficiency")
page.sources()
