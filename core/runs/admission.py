"""Bounds on the runs and the memory that the run manager holds, and which finished comparisons are removed to stay within them."""

from __future__ import annotations

from dataclasses import dataclass

from core.runs.live import LiveComparison, LiveRun
from core.settings.limits import NONE, Limits


class ManagerFull(RuntimeError):
    """No more runs can be held. The message says which bound was reached and what to do."""


@dataclass(frozen=True)
class Admission:
    """The bounds; the comparisons are the manager's, id -> comparison, oldest first, under its lock."""

    keep_finished: int
    max_unfinished: int
    max_per_owner: int
    max_seed_updates: int  # updates times seeds over everything held, 80 to 170 bytes each
    limits: Limits = NONE

    def check(self, comparisons: dict[str, LiveComparison], owner: str, new: list[LiveRun]) -> None:
        """ManagerFull unless `new` runs of `owner` fit beside all unfinished ones. Runs that were told to end do not count, so that a reset
        can replace its comparison."""
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
        """Remove finished comparisons until at most `keep_finished` of them are left and there is room for `coming` updates times seeds.
        Those without viewers are removed first, then the oldest; `keep` stays. True if any was removed."""
        finished = sorted((c for c in comparisons.values() if c.finished and c.id != keep), key=lambda c: bool(c.viewers))
        held = sum(c.size for c in comparisons.values())
        gone = False
        while finished and (len(finished) > self.keep_finished or held + coming > self.max_seed_updates):
            oldest = finished.pop(0)
            held -= oldest.size
            del comparisons[oldest.id]
            gone = True
        return gone
