"""One row of the page's table: a run of the Lab, or a run of somebody's own in a log that was read. The page sees both alike."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from core.analysis.history import History
from core.analysis.result import Status
from core.logs import LogRun
from core.logs.model import ROLLOUT
from core.runs.store.logs import StoredLog
from core.runs.store.store import StoredRun
from pages.shared.common.log_charts import title
from pages.shared.common.measured import log_reading, run_history
from pages.shared.runs.names import Naming, run_naming, scenario_title
from pages.shared.runs.outcomes import Outcome
from pages.shared.runs.settings import NO_BRIEF, Brief

RunId = int | str  # of a run of the Lab its number, of one in a log "log:LOG:PLACE"
STATUS_WORDS = {status: "finished" if status is Status.DONE else status.value for status in Status}
READ = "read"  # the status of a log
LAB, UNKNOWN = "the Lab", "other trainer"
LOG = "log:"  # before a log's id, where ids of comparisons may stand too


@dataclass(frozen=True, kw_only=True)
class Listed(ABC):
    """`outcome` is None while the run is not over or not yet read; `note` says why it ended as it did, or what it waits for ('' = no
    remark)."""

    id: RunId
    naming: Naming
    source: str  # who trained it
    status: str  # in a word
    over: bool
    updates: int  # done; of a log its rows
    total: int | None  # None = not known
    scenario: str = ""  # '' = it is none of the Lab's
    brief: Brief = NO_BRIEF
    outcome: Outcome | None = None
    note: str = ""
    nothing: str = ""  # what is said where nothing happened

    @property
    def group(self) -> str:
        """The id of what it is opened, renamed and deleted with: a comparison, or a log after LOG."""
        return self.naming.group

    @property
    def size(self) -> int:
        """Updates x seeds."""
        return self.updates * (self.brief.replicas or 1)

    @property
    @abstractmethod
    def score_name(self) -> str:
        """What the number is that counts in the end; '' = not known."""

    @abstractmethod
    def history(self) -> History:
        """What it has measured. LookupError, ConfigError, StoreError or DamagedLog if it cannot be read."""

    @property
    def words(self) -> str:
        """The text that the search field searches."""
        parts = (self.naming.name, self.naming.label, self.source, self.scenario, scenario_title(self.scenario), self.status)
        return " ".join((*parts, self.outcome_text, self.brief.changes)).lower()

    @property
    def outcome_text(self) -> str:
        """Why it ended as it did, and what happened in it; or why that is not known."""
        return "; ".join(part for part in (self.note, self._happened()) if part)

    def _happened(self) -> str:
        if self.outcome is None:
            return "is being read" if self.over else "known when it is over"
        if not self.updates:
            return "nothing was measured"
        return "; ".join(self.outcome.happened) or self.nothing


@dataclass(frozen=True, kw_only=True)
class ListedRun(Listed):
    """A run of the Lab."""

    row: StoredRun

    @classmethod
    def of(cls, row: StoredRun, brief: Brief, outcome: Outcome | None, note: str = "") -> ListedRun:
        return cls(
            id=row.stored_id, naming=run_naming(row, brief), source=LAB, status=STATUS_WORDS[row.status], over=row.status.finished,
            updates=row.updates, total=row.total, scenario=row.scenario, brief=brief, outcome=outcome, note=note,
            nothing="neither collapsed nor vanished", row=row,
        )  # fmt: skip

    @property
    def score_name(self) -> str:
        return self.brief.score_name

    def history(self) -> History:
        return run_history(self.row)


@dataclass(frozen=True, kw_only=True)
class ListedLog(Listed):
    """The run at `place` of a log."""

    log: StoredLog
    place: int
    step_unit: str

    @classmethod
    def all_of(cls, log: StoredLog) -> list[ListedLog]:
        """Its runs, without outcomes."""
        runs = log.runs
        labels = [""] if len(runs) == 1 else [about["name"] for about in runs]
        return [
            cls(
                id=f"{LOG}{log.id}:{place}", naming=Naming(LOG + log.id, log.name, label, "", log.created),
                source=UNKNOWN if about["framework"] == "unknown" else about["framework"], status=READ, over=True,
                updates=about["rows"], total=None, nothing="no fault found", log=log, place=place, step_unit=about["unit"],
            )
            for place, (about, label) in enumerate(zip(runs, labels, strict=True))
        ]  # fmt: skip

    @property
    def score_name(self) -> str:
        return title(self.outcome.score) if self.outcome and self.outcome.final[self.outcome.score] is not None else ""

    @property
    def counts_rollouts(self) -> bool:
        return self.step_unit == ROLLOUT

    def run(self) -> LogRun:
        """LookupError, StoreError or DamagedLog if it cannot be read."""
        return log_reading(self.log).runs[self.place]

    def history(self) -> History:
        return self.run().history()
