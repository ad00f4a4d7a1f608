"""Inspect a step: what really happened in any update of any run."""

from pages.shared.common.frame import frame
from pages.shared.inspect_step.page import inspect_page

frame("Inspect a step")
inspect_page()
