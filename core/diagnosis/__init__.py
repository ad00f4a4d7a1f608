"""What a run suffers from: one rule per file, each from what was logged to findings; texts for people in texts/.

run (`LogRun` or the Lab's `History`) → `Evidence` (series, gaps kept) → rules → findings → `told` (sentences, settings, links).
May import settings, engine, analysis and logs.
"""

from core.diagnosis.diagnose import diagnose
from core.diagnosis.evidence import Evidence, evidence_of_log
from core.diagnosis.finding import CONDITION, FAULT, NOTE, VERDICT, Finding, Mark
from core.diagnosis.lab import SeedsFinding, diagnose_seeds, evidence_of_history
from core.diagnosis.tell import Explanation, Remedy, told

__all__ = [
    "CONDITION", "FAULT", "NOTE", "VERDICT", "Evidence", "Explanation", "Finding", "Mark", "Remedy", "SeedsFinding", "diagnose",
    "diagnose_seeds", "evidence_of_history", "evidence_of_log", "told",
]  # fmt: skip
