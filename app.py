"""Compare, the home page: choose a scenario, press Run, watch one die and one live."""

from pages.shared.common.frame import frame
from pages.shared.compare.page import compare_page

frame("Compare")
compare_page()
