"""How many runs and how much memory the run manager holds at most, and which finished comparisons it lets go of to keep within that."""

from __future__ import annotations

from dataclasses import dataclass

from core.runs.live import LiveComparison, LiveRun
from core.settings.limits import NONE, Limits


class ManagerFull(RuntimeError):
    """No more runs can be held. The message says which bound was met and what to do."""


@dataclass(frozen=True)
class Admission:
    """The bounds; the comparisons are the manager's, id -> comparison, oldest first, under its lock."""

    keep_finished: int
    max_unfinished: int
    max_per_owner: int
    max_seed_updates: int  # updates times seeds over everything held, about 180 bytes each
    limits: Limits = NONE

    def check(self, comparisons: dict[str, LiveComparison], owner: str, new: list[LiveRun]) -> None:
        """ManagerFull unless `new` runs of `owner` fit beside everything that is not over. What has been told to end does not count: the
        comparison that a reset replaces must not keep it from starting."""
        unfinished = [run for c in comparisons.values() for run in c.runs.values() if not run.ends]
        going = [c for c in comparisons.values() if not c.ends and c is not new[0].comparison]
        for held, bound, whose in (
            (sum(c.owner == owner for c in going), self.limits.comparisons_per_visitor, "of yours"),
            (len(going), self.limits.comparisons, "of all visitors"),
        ):
            if bound is not None and held >= bound:
                raise ManagerFull(
                    f"this shared server allows {bound} comparisons {whose} at a time, and there are {held} already; stop one or wait"
                )
        for held, bound, whose in (
            (len(unfinished), self.max_unfinished, "on this server"),
            (sum(run.comparison.owner == owner for run in unfinished), self.max_per_owner, "of one person"),
        ):
            if held + len(new) > bound:
                raise ManagerFull(
                    f"{held} runs {whose} are not over yet, and {len(new)} more would exceed {bound}; stop some or wait"
                )
        needed = sum(c.size for c in comparisons.values() if not c.ends) + sum(run.size for run in new)
        if needed > self.max_seed_updates:
            raise ManagerFull(
                f"updates x seeds over all runs must be at most {self.max_seed_updates}, and would be {needed}; "
                "choose fewer updates or seeds, or wait for other runs to end"
            )

    def forget(self, comparisons: dict[str, LiveComparison], *, coming: int = 0, keep: str = "") -> bool:
        """Let finished comparisons go until at most `keep_finished` of them are left, and there is room for `coming` updates times seeds.
        Those that nobody looks at go first, then the oldest; `keep` stays. True if any went."""
        finished = sorted((c for c in comparisons.values() if c.finished and c.id != keep), key=lambda c: bool(c.viewers))
        held = sum(c.size for c in comparisons.values())
        gone = False
        while finished and (len(finished) > self.keep_finished or held + coming > self.max_seed_updates):
            oldest = finished.pop(0)
            held -= oldest.size
            del comparisons[oldest.id]
            gone = True
        return gone
