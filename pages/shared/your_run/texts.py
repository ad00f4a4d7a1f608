"""The long texts of the page."""

from __future__ import annotations

from pathlib import Path

from pages.shared.common.documents import Document, language, load

FOLDER = Path(__file__).parent / "text"


def document() -> Document:
    return load("your_run", language(), FOLDER)


def body(key: str, **values: object) -> str:
    """A section's text with `values` in its placeholders."""
    text = document().section(key).body
    return text.format(**values) if values else text
