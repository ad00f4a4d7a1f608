"""The glossary: [[term]] in a text is shown with its definition on hover, focus or touch."""

from __future__ import annotations

import html
import re

from pages.shared.common.documents import TextError, load

MARK = re.compile(r"\[\[([^\]|]+)(?:\|([^\]]+))?\]\]")


def glossary(language: str) -> dict[str, tuple[str, str]]:
    """Term in lower case -> (term, definition in plain words)."""
    document = load("glossary", language)
    return {s.heading.lower(): (s.heading, " ".join(s.body.split())) for s in document.sections.values()}


def used(text: str) -> list[str]:
    """The terms marked in `text`, in lower case, in order, each once."""
    return list(dict.fromkeys(match[1].strip().lower() for match in MARK.finditer(text)))


def explain(text: str, language: str) -> str:
    """`text` with every [[term]] and [[term|shown words]] as HTML. TextError for a term the glossary does not have."""
    known = glossary(language)

    def replaced(match: re.Match) -> str:
        term = match[1].strip()
        if term.lower() not in known:
            raise TextError(f"[[{term}]] is not in glossary.md; add a line `## {term}` and a sentence or two below it")
        name, definition = known[term.lower()]
        shown = html.escape(match[2] or term)
        # The definition is inside the focusable element, so a screen reader reads it in place; the style sheet shows it on demand.
        return (
            f'<span class="learn-term" tabindex="0">{shown}<span class="learn-tip" role="tooltip">'
            f"<b>{html.escape(name)}</b> {html.escape(definition)}</span></span>"
        )

    return MARK.sub(replaced, text)
