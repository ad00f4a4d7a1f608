"""Your run: a training log of somebody's own, read, drawn like the Lab's runs, and followed while it grows."""

from pages.shared.common.frame import frame
from pages.shared.your_run.page import your_run_page

frame("Your run")
your_run_page()
