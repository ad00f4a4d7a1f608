"""Other people's training logs read into the Lab's names: one reader per format, one table of names per framework.

source (bytes, bounded) → readers (rows of a format) → builder (rows → runs) → verdicts (names, units, what must be known) → `LogRun`,
which gives a `core.analysis.history.History`. May import settings, engine and analysis.
"""

from core.logs.bounds import HOME, HOSTED, Bounds
from core.logs.model import Guess, Taken
from core.logs.patient import PatientWatcher
from core.logs.read import read_bytes, read_paths, read_several, read_text
from core.logs.reading import Reading
from core.logs.run import LogRun
from core.logs.sentences import Sentence
from core.logs.watch import Changes, Watcher

__all__ = [
    "HOME", "HOSTED", "Bounds", "Changes", "Guess", "LogRun", "PatientWatcher", "Reading", "Sentence", "Taken", "Watcher",
    "read_bytes", "read_paths", "read_several", "read_text"
]  # fmt: skip
