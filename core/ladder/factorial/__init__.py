"""The full factorial of DAPO's four techniques: every one of their 16 combinations, what each technique brings and which pairs interact.

cells (the algorithms) → the run manager or `core.runs.foreground` → table (scores and effects) → sentences, chart, numbers → files.
"""

from core.ladder.factorial.cells import Cell, cells, factorial_runs
from core.ladder.factorial.effects import Effect, effects, simple_effects
from core.ladder.factorial.table import CellRow, FactorialTable, factorial_table

__all__ = [
    "Cell", "CellRow", "Effect", "FactorialTable", "cells", "effects", "factorial_runs", "factorial_table", "simple_effects"
]  # fmt: skip
