"""Compare, the home page: choose a scenario, press Run, watch one die and one live."""

from pages.shared.compare import compare_page
from pages.shared.frame import frame

frame("Compare")
compare_page()
