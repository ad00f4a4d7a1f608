"""Limits the traffic of the board: a leaky bucket of bytes that decides when to thin a run further."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

BYTES_PER_SECOND = 14_000  # of points and what goes with them; Streamlit's own messages are about 2 kB/s at two ticks a second
BURST = 8_000  # bytes in excess of the budget that are tolerated: ticks vary in size
FEWEST_ROWS = 200  # a run is never thinned to fewer rows


@dataclass
class Pace:
    """The recent traffic to one browser, and the resulting level (see `pages.shared.common.series`). Levels only rise: a browser can merge
    the rows that it has, but not split them."""

    level: int = 0
    _owed: float = 0.0  # bytes beyond the budget
    _at: float = field(default_factory=time.monotonic)

    def admits(self, size: int, updates: int, now: float | None = None) -> bool:
        """Whether `size` bytes may be sent now; if so, they are counted. If not, the level was raised and the message has to be encoded
        again. `updates` is the length of the shortest run."""
        now = time.monotonic() if now is None else now
        owed = max(0.0, self._owed + size - BYTES_PER_SECOND * (now - self._at))
        if owed > BURST and updates >> (self.level + 1) >= FEWEST_ROWS:
            self.level += 1
            return False
        self._owed, self._at = min(owed, 2 * BURST), now
        return True
