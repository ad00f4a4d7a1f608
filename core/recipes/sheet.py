"""Collects an export's settings and sentences in the order in which they are written."""

from __future__ import annotations

from core.logs.sentences import Sentence, say
from core.recipes.recipe import Argument


class Sheet:
    def __init__(self, framework: str):
        self.framework = framework
        self.arguments: list[Argument] = []
        self.missing: list[Sentence] = []

    def set(self, key: str, value: object, note: str = "", /, **values: object) -> None:
        """A setting, with the sentence `note` where its meaning is not exactly the Lab's."""
        self.arguments.append(Argument(key, value, say(note, framework=self.framework, **values) if note else None))

    def lacks(self, sentence: str, /, **values: object) -> None:
        """The framework cannot express this."""
        self.missing.append(say(sentence, framework=self.framework, **values))
