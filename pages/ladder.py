"""Ablation ladder: what each technique brings, added in turn and removed alone, beside what was published."""

from pages.shared.common.frame import frame
from pages.shared.ladder.page import ladder_page

frame("Ablation ladder")
ladder_page()
