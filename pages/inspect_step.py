"""Inspect a step: what really happened in any update of any run."""

from pages.shared.frame import frame
from pages.shared.inspector import inspect_page

frame("Inspect a step")
inspect_page()
