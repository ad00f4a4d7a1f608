"""The lab that printed 0.0000: three defects, each a switch, and bugs found in real training code."""

from core.engine.algorithms.losses import policy_loss
from core.engine.algorithms.sampling import keep_groups
from pages.shared.learn import lab
from pages.shared.learn.page import LearnPage

page = LearnPage("the_lab")
page.text("idea")
page.figure("graph")
page.equation()
page.code(policy_loss)
page.text("filter")
page.figure("batch")
page.code(keep_groups, key="code-filter")
chosen = lab.switches(page)
page.live(lab.SCENARIO, charts=("grad_norm", "entropy_nats", "reward_mean", "filter_ratio"), **chosen)
lab.trained(page)
lab.bugs(page)
page.limits()
page.questions()
page.compare("lab")
page.sources()
