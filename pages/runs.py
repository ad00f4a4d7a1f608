"""Runs: everything that was trained, to be found again, compared, downloaded and run anew."""

from pages.shared.common.frame import frame
from pages.shared.runs.page import runs_page

frame("Runs")
runs_page()
