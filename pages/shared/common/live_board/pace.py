"""How much the board may send: a leaky bucket of bytes that says when to thin a run further."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

BYTES_PER_SECOND = 14_000  # of points and what goes with them; Streamlit's own messages are about 2 kB/s at two ticks a second
BURST = 8_000  # bytes that may come on top: ticks are not even
FEWEST_ROWS = 200  # a run is not thinned to fewer, whatever it costs


@dataclass
class Pace:
    """What one browser has been sent lately, and the level (see `pages.shared.common.series`) that follows from it. Levels only rise: a
    browser can merge the rows that it has, and not divide them."""

    level: int = 0
    _owed: float = 0.0  # bytes beyond the budget
    _at: float = field(default_factory=time.monotonic)

    def admits(self, size: int, updates: int, now: float | None = None) -> bool:
        """Whether `size` bytes may be sent now; then they are counted. Otherwise the level has risen: make them anew. `updates` is how
        long the shortest run is."""
        now = time.monotonic() if now is None else now
        owed = max(0.0, self._owed + size - BYTES_PER_SECOND * (now - self._at))
        if owed > BURST and updates >> (self.level + 1) >= FEWEST_ROWS:
            self.level += 1
            return False
        self._owed, self._at = min(owed, 2 * BURST), now
        return True
