"""An array to which rows are appended."""

from __future__ import annotations

import numpy as np

ROOM = 16  # rows that an array can take before it grows; later it grows by a quarter


class GrowingRows:
    """Rows of one dtype in one block of memory. One thread appends; others may read, and see a whole beginning."""

    def __init__(self, dtype: np.dtype):
        self._rows, self._count = np.empty(0, dtype), 0

    @classmethod
    def of(cls, rows: np.ndarray) -> GrowingRows:
        """These `rows`, without a copy; the first `append` makes one."""
        made = cls(rows.dtype)
        made._rows, made._count = rows, len(rows)
        return made

    def __len__(self) -> int:
        return self._count

    @property
    def dtype(self) -> np.dtype:
        return self._rows.dtype

    @property
    def nbytes(self) -> int:
        """Of the block, with the room that it has left."""
        return self._rows.nbytes

    def append(self, row: tuple) -> None:
        if self._count == len(self._rows):
            larger = np.empty(self._count + max(self._count // 4, ROOM), self.dtype)
            larger[: self._count] = self._rows
            self._rows = larger
        self._rows[self._count] = row
        self._count += 1

    def rows(self) -> np.ndarray:
        """What was appended so far, without a copy: do not change it."""
        count = self._count  # first: the array may grow meanwhile, and never shrinks
        return self._rows[:count]
