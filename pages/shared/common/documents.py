"""Long texts: Markdown files, one per document and language, cut into named sections, and the language of the visit.

The format is described in the guide for authors of Learn pages, the docstring of `pages.shared.learn`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from pages.shared.common.cache import Cache
from pages.shared.common.state import LANGUAGE

FOLDER = Path(__file__).parents[1] / "learn" / "text"  # of the Learn pages
DEFAULT_LANGUAGE = "en"
HEADING = re.compile(r"^(#{1,2}) +(.+?)(?: +\{#([\w-]+)\})? *$")
QUESTION = re.compile(r"^### +(.+?) *$", re.MULTILINE)
SETTING = re.compile(r"^set: +([\w-]+) +(\{.*\}) *$")
WORD = re.compile(r"^- +([\w.-]+): +(.+?) *$")


class TextError(ValueError):
    """A text file is not as the guide says. The message names file, place and remedy."""


@dataclass(frozen=True)
class Section:
    heading: str
    body: str


@dataclass(frozen=True)
class Question:
    """`figure` and `state` are what its button does to a figure's controls; both None if it has none."""

    words: str
    answer: str
    figure: str | None
    state: dict | None


@dataclass(frozen=True)
class Document:
    """One file. `lead` is what stands before the first section."""

    path: Path
    title: str
    lead: str
    sections: dict[str, Section]

    def section(self, key: str) -> Section:
        """TextError if the file has no section {#key}."""
        if key not in self.sections:
            raise TextError(f"{self.path.name} has no section {{#{key}}}; add a line `## Heading {{#{key}}}`")
        return self.sections[key]

    def words(self, key: str) -> tuple[str, dict[str, str]]:
        """A section as (prose, word list): the lines `- name: words` are the list."""
        prose, found = [], {}
        for line in self.section(key).body.splitlines():
            if match := WORD.match(line):
                found[match[1]] = match[2]
            else:
                prose.append(line)
        return "\n".join(prose).strip(), found

    def questions(self, key: str = "try") -> list[Question]:
        """The questions of a section: `### question`, then perhaps `set: FIGURE {"control": value}`, then the answer."""
        parts = QUESTION.split(self.section(key).body)[1:]
        return [self._question(words, body.strip()) for words, body in zip(parts[::2], parts[1::2], strict=True)]

    def _question(self, words: str, body: str) -> Question:
        first, _, rest = body.partition("\n")
        match = SETTING.match(first)
        if match is None:
            return Question(words, body, None, None)
        try:
            return Question(words, rest.strip(), match[1], json.loads(match[2]))
        except json.JSONDecodeError as error:
            raise TextError(
                f"{self.path.name}, question {words!r}: {first!r} is not JSON ({error}); write names in quotes"
            ) from error


def language() -> str:
    """The language of this visit: `?lang=` where there is a folder of that name, kept while the tab is open; otherwise English."""
    asked = st.query_params.get("lang") or LANGUAGE.get()
    LANGUAGE.set(asked if asked in languages() else DEFAULT_LANGUAGE)
    return LANGUAGE.get()


def languages() -> tuple[str, ...]:
    return tuple(sorted(p.name for p in FOLDER.iterdir() if p.is_dir()))


_PARSED: Cache[tuple[Path, int], Document] = Cache(128)  # (file, when it was changed) -> document


def load(name: str, language: str, folder: Path = FOLDER) -> Document:
    """The document `name`.md of a language, or of English where that language has none, in `folder`, which has one folder per language.
    TextError if it is malformed."""
    path = folder / language / f"{name}.md"
    if not path.exists():
        path = folder / DEFAULT_LANGUAGE / f"{name}.md"
    return _PARSED.made((path, path.stat().st_mtime_ns), lambda: parse(path, path.read_text(encoding="utf-8")))


def parse(path: Path, text: str) -> Document:
    """TextError if there is no title, or two sections have one key, which is a heading's words where it has no {#key}."""
    title, lead, sections = None, [], {}
    lines, fenced = lead, False
    for line in text.splitlines():
        fenced ^= line.startswith("```")
        match = None if fenced else HEADING.match(line)
        if match is None:
            lines.append(line)
        elif match[1] == "#":
            title = match[2]
        else:
            key = match[3] or match[2].lower()
            if key in sections:
                raise TextError(f"{path.name}: two sections have the key {{#{key}}}; rename one")
            lines = []
            sections[key] = (match[2], lines)
    if title is None:
        raise TextError(f"{path.name} has no title; begin with `# Title`")
    done = {key: Section(heading, "\n".join(body).strip()) for key, (heading, body) in sections.items()}
    return Document(path, title, "\n".join(lead).strip(), done)
