"""Rows that a callback wrote again and again: the last log copied at every step."""

from __future__ import annotations

import re

import numpy as np

from core.logs.model import Table

_CLOCK = re.compile(r"(?:^|[/_ ])(?:time|timestamp|runtime|elapsed|epoch|num_tokens)(?:$|[/_ ])", re.IGNORECASE)
LEAST_BLOCKS = 5
REGULAR = 0.8  # share of the blocks that are equally long


def copied_rows(table: Table) -> np.ndarray | None:
    """(S,) bool: the first row of every block of equal rows, or None if the table has no copies.

    A dead run logs the same 0 on every row, which is no copy: only blocks of one length, and at least 5 of them, show a callback that
    copied a log which is written every so many steps.
    """
    names = [n for n in table.columns if not _CLOCK.search(n)]
    if len(table) < 2 * LEAST_BLOCKS or len(names) < 2:
        return None
    same = np.ones(len(table) - 1, dtype=bool)
    for name in names:
        values, logged = table.values(name), table.logged(name)
        equal = (values[1:] == values[:-1]) | (np.isnan(values[1:]) & np.isnan(values[:-1]))
        same &= equal & (logged[1:] == logged[:-1])
        if not same.any():
            return None
    first = np.append(True, ~same)
    lengths = np.diff(np.append(np.flatnonzero(first), len(table)))
    inner = lengths[1:-1]  # the first and last block may be cut
    if len(lengths) < LEAST_BLOCKS or not len(inner):
        return None
    usual = int(np.median(inner))
    regular = usual > 1 and np.mean(inner % usual == 0) >= REGULAR  # two equal logs make a block of twice the length
    return first if regular else None
