"""Names that people gave, and labels of lines: cleaned, told apart, and safe where Plotly draws them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

MAX_NAME = 60  # characters


def clean_name(text: str) -> str:
    """One line of at most MAX_NAME characters without control and direction marks, so that no name can disturb what stands beside it."""
    spaced = "".join(" " if c.isspace() else c for c in text)
    return " ".join("".join(c for c in spaced if unicodedata.category(c)[0] != "C").split())[:MAX_NAME].strip()


def distinct(labels: Sequence[str]) -> list[str]:
    """The same labels, numbered where they would be equal."""
    used: set[str] = set()
    out = []
    for label in labels:
        number, unique = 1, label
        while unique in used:
            number += 1
            unique = f"{label} ({number})"
        used.add(unique)
        out.append(unique)
    return out


def chart_text(label: str) -> str:
    """A label that Plotly draws as it is: it takes <b>, <a …> and %{y} for commands."""
    return label.replace("<", "‹").replace(">", "›").replace("%{", "% {")
