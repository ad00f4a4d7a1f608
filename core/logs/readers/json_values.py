"""JSON documents: Hugging Face's trainer_state.json, an array of rows, an object that holds rows or columns somewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from core.logs import sentences as s
from core.logs.bounds import Budget
from core.logs.readers import json_lines
from core.logs.readers.flat import flat
from core.logs.readers.groups import GroupedRows
from core.logs.readers.json_tables import tables_in
from core.logs.reading import Format, Rows
from core.logs.sentences import say
from core.logs.source import Refused, Source
from core.logs.steps import rank

_LOG_HISTORY = re.compile(r'"log_history"\s*:\s*\[')
_ARRAY = re.compile(r"\s*\[\s*(?:\{|\]|\[)")
_EVALUATES = re.compile(
    r"(?:^|[_/ .-])(?:eval|evaluation|evaluations|val|validation|test)(?:$|[_/ .-])", re.IGNORECASE
)  # in a table's key
_SPACE = re.compile(r"[\s,]*")
_DECODER = json.JSONDecoder()


def _is_state(head: bytes, text: str) -> bool:
    """A list log_history in an object. It may come after the first bytes: the other keys of Hugging Face's file tell. The last of ms-swift's
    JSON lines holds such a list too."""
    first, _, rest = text.lstrip().partition("\n")
    if first[:1] != "{" or (rest.strip() and first.rstrip().endswith("}")):
        return False
    return bool(_LOG_HISTORY.search(text) or ('"best_metric"' in text and '"is_world_process_zero"' in text))


def _read_state(source: Source, budget: Budget) -> Rows:
    text = source.text(budget)
    begin = _LOG_HISTORY.search(text)
    if begin is None:
        raise Refused(say(s.NO_ROWS, file=source.name, format="a trainer_state.json"))
    return _read_rows(source, budget, text, begin.end())


def _is_array(head: bytes, text: str) -> bool:
    return bool(_ARRAY.match(text))


def _read_array(source: Source, budget: Budget) -> Rows:
    text = source.text(budget)
    if re.match(r"\s*\[\s*\[", text):
        return _read_object(source, budget)
    return _read_rows(source, budget, text, text.index("[") + 1)


def _read_rows(source: Source, budget: Budget, text: str, place: int) -> Rows:
    rows = GroupedRows(source.name, budget)
    count, whole = 0, True
    for row in _elements(text, place):
        if row is None:
            whole = False
        elif isinstance(row, dict):
            count += 1
            if not rows.add(flat(row)):
                break
    found = rows.rows(source.name)
    if not whole:
        found.notes.append(say(s.CUT_JSON, file=source.name, count=count))
    return found


def _elements(text: str, place: int) -> Iterator[object]:
    """The elements of the array whose content begins at `place`, one by one; None once, at the end, if it is damaged there."""
    while True:
        place = _SPACE.match(text, place).end()
        if place >= len(text):
            yield None
            return
        if text[place] == "]":
            return
        try:
            element, place = _DECODER.raw_decode(text, place)
        except (ValueError, RecursionError):
            yield None
            return
        yield element


def _is_object(head: bytes, text: str) -> bool:
    return bool(re.match(r'\s*\{\s*(?:"|\})', text))


def _read_object(source: Source, budget: Budget) -> Rows:
    text = source.text(budget)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        if str(error).startswith("Extra data"):
            return _read_several(source, budget, text)
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else "the JSON is damaged"
        raise Refused(say(s.BROKEN, file=source.name, format="JSON", reason=reason)) from None
    runs, tables = Rows([]), tables_in(content)
    trained = [name for name, _ in tables if not _EVALUATES.search(name)]
    of_trained = [row for name, rows in tables if _EVALUATES.search(name) for row in rows] if len(trained) == 1 else []
    for name, rows in tables[: budget.bounds.runs]:
        if of_trained and name not in trained:
            continue
        collected = GroupedRows(name or source.name, budget)
        for row in (*map(flat, rows), *(_of_evaluation(flat(row)) for row in of_trained)):
            if not collected.add(row):
                break
        several = collected.rows(source.name)
        runs.runs.extend(several.runs)
        runs.notes.extend(several.notes)
    if not runs.runs and isinstance(content, dict):  # it may be a row itself
        collected = GroupedRows(source.name, budget)
        collected.add(flat(content))
        runs = collected.rows(source.name)
    if not runs.runs:
        raise Refused(say(s.NO_ROWS, file=source.name, format="a JSON document"))
    return runs


def _of_evaluation(row: dict[str, object]) -> dict[str, object]:
    """The row under names that only evaluations have."""
    return {name if rank(name) is not None or _EVALUATES.search(name) else f"eval/{name}": cell for name, cell in row.items()}


def _read_several(source: Source, budget: Budget, text: str) -> Rows:
    """Objects one after another: on a line each, or each over several lines."""
    if text.lstrip().partition("\n")[0].rstrip().endswith("}"):
        return json_lines.read(source, budget)
    return _read_rows(source, budget, text + "]", 0)


TRAINER_STATE = Format("trainer_state.json", _is_state, _read_state)
ARRAY = Format("a JSON array", _is_array, _read_array)
OBJECT = Format("a JSON document", _is_object, _read_object)
