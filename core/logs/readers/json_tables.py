"""Tables as JSON: what `DataFrame.to_json` writes in each of its orientations, columns as lists, TensorBoard's download of one scalar."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from core.logs.cells import number, whole

Rows = list[dict[str, object]]
LEAST_COLUMNS = 2
DEEPEST = 6


def tables_in(value: object, name: str = "", depth: int = 0) -> list[tuple[str, Rows]]:
    """(key, rows) of every list of rows and every table, wherever it stands."""
    if depth > DEEPEST:
        return []
    table = table_in(value)
    if table is None and isinstance(value, list):
        rows = [row for row in value if isinstance(row, dict)]
        table = rows if rows and 2 * len(rows) >= len(value) else None
    found = [(name, table)] if table else []
    if isinstance(value, dict) and (not table or any(isinstance(inner, list) for inner in value.values())):
        for key, inner in value.items():
            if not table or isinstance(inner, dict):  # a list beside a table is another column of it
                found += tables_in(inner, key, depth + 1)
    return found


def table_in(value: object) -> Rows | None:
    """The rows of a table, None if the value is none."""
    if isinstance(value, dict):
        return _split(value) or _of_lists(value) or _of_labels(value)
    return _of_triples(value) if isinstance(value, list) else None


def _split(value: Mapping[str, object]) -> Rows | None:
    """{"columns": [names], "data": [[cells], …]}"""
    names, data = value.get("columns"), value.get("data")
    if not (isinstance(names, list) and isinstance(data, list) and data and all(isinstance(name, str) for name in names)):
        return None
    if not all(isinstance(cells, list) and len(cells) == len(names) for cells in data):
        return None
    return [dict(zip(names, cells, strict=True)) for cells in data]


def _of_lists(value: Mapping[str, object]) -> Rows | None:
    """{name: [cells]}, of which the longest lists are the columns."""
    columns = {k: v for k, v in value.items() if isinstance(v, list) and v and all(c is None or number(c) is not None for c in v)}
    length = max((len(cells) for cells in columns.values()), default=0)
    columns = {name: cells for name, cells in columns.items() if len(cells) == length}
    if len(columns) < LEAST_COLUMNS or length < 2:
        return None
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def _of_labels(value: Mapping[str, object]) -> Rows | None:
    """{name: {row: cell}} or {row: {name: cell}}, where rows are numbered."""
    inner = [part for part in value.values() if isinstance(part, dict)]
    if len(inner) < LEAST_COLUMNS or len(inner) != len(value):
        return None
    if all(whole(label) is not None for label in value):
        return inner
    rows: dict[str, dict[str, object]] = {}
    for label, name, cell in _cells(value):
        if whole(label) is None:
            return None
        rows.setdefault(label, {})[name] = cell
    return list(rows.values()) if len(rows) > 1 else None


def _cells(value: Mapping[str, object]) -> Iterator[tuple[str, str, object]]:
    for name, column in value.items():
        for label, cell in column.items():
            yield label, name, cell


def _of_triples(value: list) -> Rows | None:
    """[[wall time, step, value], …]"""
    if len(value) < 2 or not all(isinstance(row, list) and len(row) == 3 for row in value):
        return None
    if not all(number(time) is not None and whole(step) is not None for time, step, _ in value):
        return None
    return [{"Wall time": time, "Step": step, "Value": cell} for time, step, cell in value]
