"""Clip-Higher: how fast a rare token may become likely, and what a wider bound costs."""

from core.analysis.charts.words import CLIPPED, score_words
from core.engine.algorithms.losses import policy_loss
from core.engine.update import upper_eps
from core.settings.task import BanditConfig
from pages.shared.learn.page import LearnPage

SCORE = score_words(BanditConfig())
CHARTS = (
    {"name": SCORE.name, "kind": "line", "title": SCORE.title, "unit": SCORE.unit, "caption": SCORE.caption},
    "entropy_nats",
    {"name": "clip_fraction_high", "kind": "line", "title": CLIPPED.title, "unit": CLIPPED.unit, "caption": CLIPPED.caption},
)

page = LearnPage("clip_higher")
page.text("idea")
page.figure("ceiling")
page.equation()
page.figure("window")
page.code(policy_loss)
page.text("reuse")
page.figure("reuse")
page.text("bases")
page.figure("bases")
page.text("measured")
page.live("clip-higher-helps", charts=CHARTS)
page.code(upper_eps, key="lab")
page.limits()
page.questions()
page.compare("clip-higher-helps")
page.sources()
