"""Entropy collapse and vanishing gradients: what they are, how they feed each other, how to read them, and what helps."""

from core.analysis.detectors import entropy_low_update, vanished_update
from pages.shared.learn.numbers.entropy_collapse import rescues
from pages.shared.learn.page import LearnPage

page = LearnPage("entropy_collapse")
page.text("idea")
page.figure("entropy")
page.equation()
page.text("loop")
page.figure("signal")
page.equation("mixed")
page.text("reading")
page.code(entropy_low_update, vanished_update)
page.live("collapse", replicas=16, charts=("entropy_nats", "grad_norm", "groups"))
page.text("medicines")
page.figure("rescue", data=rescues())
page.limits()
page.questions()
page.compare("collapse")
page.sources()
