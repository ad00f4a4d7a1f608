"""Dynamic sampling: which groups teach nothing, sampling until a batch is full, and what must not be filtered on."""

from core.analysis.charts.words import LENGTH
from core.engine.algorithms.sampling import informative_groups, keep_groups
from core.engine.rollout import RolloutCollector
from pages.shared.learn.numbers.dynamic_sampling import curves
from pages.shared.learn.page import LearnPage

SIDES = ("DAPO", "DAPO on reward:DAPO")
SETTINGS = ("task.hard_fraction=1", "algorithm.overlong_buffer_tokens=10", "DAPO on reward.filter_on=reward")
LENGTHS = {"name": LENGTH.name, "kind": "line", "title": LENGTH.title, "unit": LENGTH.unit, "caption": LENGTH.caption}

page = LearnPage("dynamic_sampling")
page.text("idea")
page.figure("surface")
page.equation()
page.equation("equation-rule")
page.text("refill")
page.figure("batch")
page.code(informative_groups, RolloutCollector.collect)
page.text("cost")
page.figure("views", data=curves())
page.text("what")
page.figure("filter")
page.live("sample-efficiency", sides=SIDES, settings=SETTINGS, replicas=16, charts=("eval_accuracy", LENGTHS, "groups"))
page.text("lab")
page.figure("lab")
page.code(keep_groups, key="code-lab")
page.limits()
page.questions()
page.compare("sample-efficiency", sides=SIDES, settings=SETTINGS)
page.sources()
