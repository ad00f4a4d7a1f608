"""Parquet: W&B's history, trackio's export, a table of one's own. Read with pyarrow, which Streamlit brings along."""

from __future__ import annotations

from core.logs import sentences as s
from core.logs.bounds import Budget
from core.logs.readers.groups import GroupedRows
from core.logs.reading import Format, Rows
from core.logs.sentences import say
from core.logs.source import Refused, Source

BATCH_ROWS = 1_000


def recognises(head: bytes, text: str) -> bool:
    return head.startswith(b"PAR1")


def read(source: Source, budget: Budget) -> Rows:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise Refused(say(s.NEEDS_PACKAGE, file=source.name, format="Parquet", package="pyarrow")) from None
    rows = GroupedRows(source.name, budget)
    with source.local(budget) as path:
        try:
            with pq.ParquetFile(path) as table:
                schema = table.schema_arrow
                names = [f.name for f in schema if _is_plain(f.type, pa)][: budget.bounds.columns]
                for batch in table.iter_batches(batch_size=BATCH_ROWS, columns=names):
                    columns = batch.to_pydict()
                    for cells in zip(*columns.values(), strict=True):
                        row = {name: cell for name, cell in zip(columns, cells, strict=True) if cell is not None}
                        if not rows.add(row):
                            return rows.rows(source.name)
        except (pa.ArrowException, OSError, ValueError, TypeError, MemoryError) as error:
            reason = str(error).partition("\n")[0]
            raise Refused(say(s.BROKEN, file=source.name, format="Parquet", reason=reason)) from None
    return rows.rows(source.name)


def _is_plain(kind, pa) -> bool:
    """A number or a text, in any of the ways in which pandas and others write them."""
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    tests = ("integer", "floating", "decimal", "string", "large_string", "string_view")
    return any(getattr(pa.types, f"is_{test}")(kind) for test in tests)


FORMAT = Format("Parquet", recognises, read)
