"""Parquet and Arrow (Feather): W&B's history, trackio's export, a table of one's own. Read with pyarrow, which Streamlit brings along."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from core.logs import sentences as s
from core.logs.bounds import Budget
from core.logs.readers.groups import GroupedRows
from core.logs.reading import Format, Rows
from core.logs.sentences import say
from core.logs.source import Refused, Source

BATCH_ROWS = 1_000
PARQUET, ARROW = b"PAR1", b"ARROW1"


def recognises(head: bytes, text: str) -> bool:
    return head.startswith((PARQUET, ARROW))


def read(source: Source, budget: Budget) -> Rows:
    try:
        import pyarrow as pa
    except ImportError:
        raise Refused(say(s.NEEDS_PACKAGE, file=source.name, format="Parquet", package="pyarrow")) from None
    rows = GroupedRows(source.name, budget)
    with source.local(budget) as path:
        try:
            for columns in (_of_arrow if source.head().startswith(ARROW) else _of_parquet)(path, budget.bounds.columns):
                for cells in zip(*columns.values(), strict=True):
                    row = {name: cell for name, cell in zip(columns, cells, strict=True) if cell is not None}
                    if not rows.add(row):
                        return rows.rows(source.name)
        except (pa.ArrowException, OSError, ValueError, TypeError, MemoryError) as error:
            reason = str(error).partition("\n")[0]
            raise Refused(say(s.BROKEN, file=source.name, format="Parquet", reason=reason)) from None
    return rows.rows(source.name)


def _of_parquet(path: Path, most: int) -> Iterator[dict[str, list]]:
    """Batches of rows as columns, at most `most` of these."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as table:
        names = [f.name for f in table.schema_arrow if _is_plain(f.type)][:most]
        for batch in table.iter_batches(batch_size=BATCH_ROWS, columns=names):
            yield batch.to_pydict()


def _of_arrow(path: Path, most: int) -> Iterator[dict[str, list]]:
    import pyarrow as pa

    with pa.OSFile(str(path)) as file, pa.ipc.open_file(file) as table:
        names = [f.name for f in table.schema if _is_plain(f.type)][:most]
        for place in range(table.num_record_batches):
            yield table.get_batch(place).select(names).to_pydict()


def _is_plain(kind) -> bool:
    """A number or a text, in any of the ways in which pandas and others write them."""
    import pyarrow as pa

    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    tests = ("integer", "floating", "decimal", "string", "large_string", "string_view")
    return any(getattr(pa.types, f"is_{test}")(kind) for test in tests)


FORMAT = Format("Parquet", recognises, read)
