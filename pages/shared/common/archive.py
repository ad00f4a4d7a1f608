"""The files of a comparison as one zip."""

from __future__ import annotations

import io
import zipfile

from core.analysis.export import comparison_files
from core.analysis.result import RunResult
from core.analysis.summary import summarise


def archive(scenario: str, results: dict[str, RunResult], summary: dict | None = None) -> bytes:
    """What `python -m core compare` writes of `results`. `summary` is that of them, if it is known."""
    summary = summarise(scenario, results) if summary is None else summary
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as folder:
        for file, content in comparison_files(scenario, results, summary, "dashboard").items():
            folder.writestr(file, content)
    return out.getvalue()
