"""Token-level loss: the weight of each token, which loss penalises long wrong completions, and how micro-batches can change it."""

from core.analysis.charts.words import LENGTH
from core.engine.algorithms.losses import aggregate, aggregation_denominator
from core.engine.trainer import Trainer
from pages.shared.learn.page import LearnPage

SIDES = ("Sequence mean", "Token mean")
LENGTHS = {"name": LENGTH.name, "kind": "line", "title": LENGTH.title, "unit": LENGTH.unit, "caption": LENGTH.caption}

page = LearnPage("token_level_loss")
page.text("idea")
page.figure("weights")
page.equation()
page.code(aggregate)
page.text("nonsense")
page.figure("nonsense")
page.live("length-runaway", sides=SIDES, replicas=16, updates=320, charts=(LENGTHS, "eval_accuracy", "entropy_nats"))
page.text("pieces")
page.figure("pieces")
page.code(aggregation_denominator, Trainer._update, key="code-pieces")
page.limits()
page.questions()
page.compare("length-runaway")
page.sources()
