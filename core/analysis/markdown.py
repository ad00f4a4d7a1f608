"""Texts of people, of links and of files as they stand, where Markdown would act on them."""

from __future__ import annotations

import re

JOINER = "\u2060"  # has no width
# Where an address begins that is made a link of even if all of it is escaped: behind http: and www, and before @.
ADDRESS = re.compile(r"(?<=http:)(?=//)|(?<=https:)(?=//)|(?<=www)(?=\.)|(?<=\w)(?=@)", re.IGNORECASE)


def plain(text: str) -> str:
    """`text` for a page: no Markdown, HTML, formula, icon, colour or address in it acts. On one line."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", ADDRESS.sub(JOINER, " ".join(text.split())))


def literal(text: str) -> str:
    """`text` for a Markdown file that people read as it is, too: only what would act is escaped. On one line."""
    return re.sub(r"([\\`*_\[\]<>|$~])", r"\\\1", " ".join(text.split()))
