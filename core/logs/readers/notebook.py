"""Jupyter notebooks: the table that a trainer printed below a cell, or else the rows in its console output."""

from __future__ import annotations

import json

from core.logs import sentences as s
from core.logs.bounds import Budget
from core.logs.readers import console
from core.logs.readers.tables import Cells, table_rows, text_tables
from core.logs.reading import Format, Rows
from core.logs.sentences import say
from core.logs.source import Refused, Source


def recognises(head: bytes, text: str) -> bool:
    return text.lstrip()[:1] == "{" and '"cells"' in text and ('"cell_type"' in text or '"nbformat"' in text)


def read(source: Source, budget: Budget) -> Rows:
    try:
        content = json.loads(source.text(budget))
    except (ValueError, RecursionError):
        raise Refused(say(s.BROKEN, file=source.name, format="a notebook", reason="the JSON is damaged")) from None
    tables: list[Cells] = []
    printed: list[str] = []
    for output in _outputs(content):
        data = output.get("data") if isinstance(output.get("data"), dict) else {}
        html, plain = _joined(data.get("text/html")), _joined(data.get("text/plain"))
        tables += text_tables(html, budget) if html else text_tables(plain, budget)
        printed.append(_joined(output.get("text")))
    found = table_rows(tables, source.name, budget)
    if found.runs:
        return found
    text = "\n".join(part for part in printed if part)
    if not text:
        raise Refused(say(s.NO_ROWS, file=source.name, format="a notebook"))
    return console.read(Source.data(source.name, text.encode(errors="replace")), budget)


def _outputs(content: object) -> list[dict]:
    cells = content.get("cells") if isinstance(content, dict) else None
    outputs = [cell.get("outputs") for cell in cells if isinstance(cell, dict)] if isinstance(cells, list) else []
    return [output for several in outputs if isinstance(several, list) for output in several if isinstance(output, dict)]


def _joined(text: object) -> str:
    if isinstance(text, list):
        return "".join(part for part in text if isinstance(part, str))
    return text if isinstance(text, str) else ""


FORMAT = Format("a notebook", recognises, read)
