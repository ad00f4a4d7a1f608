"""Escapes texts from people, links and files, so that Markdown shows them unchanged."""

from __future__ import annotations

import re

JOINER = "\u2060"  # a zero-width space
# Places where Markdown makes a link of an address even if all of it is escaped: after http: and www, and before @.
ADDRESS = re.compile(r"(?<=http:)(?=//)|(?<=https:)(?=//)|(?<=www)(?=\.)|(?<=\w)(?=@)", re.IGNORECASE)


def plain(text: str) -> str:
    """`text` escaped for a page: Markdown, HTML, formulas, icons, colours and addresses in it have no effect. On one line."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", ADDRESS.sub(JOINER, " ".join(text.split())))


def literal(text: str) -> str:
    """`text` escaped for a Markdown file that is also read unrendered: only characters that would have an effect are escaped. On one
    line."""
    return re.sub(r"([\\`*_\[\]<>|$~])", r"\\\1", " ".join(text.split()))
