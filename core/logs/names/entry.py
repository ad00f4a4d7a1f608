"""One line of the tables of names."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Name:
    """`logged` in any spelling (see `core.logs.steps.fold`), or a pattern with * for any part of a name; of the names that stand for one metric
    the earlier in the table is taken. `conversion` is one of `core.logs.take.CONVERSIONS`. `of`: the frameworks in whose logs the line
    counts, and there in place of every other line of that name; () = all."""

    logged: str
    metric: str
    conversion: str = "same"
    note: str = ""
    of: tuple[str, ...] = ()
