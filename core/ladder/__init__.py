"""The ablation ladder: techniques added to GRPO one after the other, and taken from DAPO one at a time.

rungs (the algorithms) → the run manager or `core.runs.foreground` → table (the gain of each step) → report (sentences, with the comparison
to published ladders) → numbers, files. `factorial` trains every combination of the techniques.

May import settings, engine and analysis.
"""

from core.ladder.published import PUBLISHED, Published
from core.ladder.rungs import ORDERS, Rung, ladder_runs, rungs
from core.ladder.table import COUNTS, LadderTable, Row, ladder_table

__all__ = [
    "COUNTS", "ORDERS", "PUBLISHED", "LadderTable", "Published", "Row", "Rung", "ladder_runs", "ladder_table", "rungs"
]  # fmt: skip
