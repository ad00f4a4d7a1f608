"""What an export is made of: settings with their comments, and sentences about what could not be said."""

from __future__ import annotations

from dataclasses import dataclass

from core.logs.sentences import Sentence


@dataclass(frozen=True)
class Argument:
    """One setting of the framework. `value` is a Python value; `note` says where its meaning there is not exactly the Lab's."""

    key: str
    value: object
    note: Sentence | None = None


@dataclass(frozen=True)
class Recipe:
    """A side's settings for one version of a framework.

    `missing`: what the framework cannot express, each with what comes nearest. `changed`: what belongs to the Lab's small tasks and was carried
    over by a rule. `yours`: settings that only the user can give. `reward`: lines of Python that build the list of reward functions, for
    frameworks that take them as objects."""

    framework: str
    version: str
    form: str
    arguments: tuple[Argument, ...]
    missing: tuple[Sentence, ...]
    changed: tuple[Sentence, ...]
    yours: tuple[Sentence, ...]
    imports: tuple[str, ...] = ()
    reward: tuple[str, ...] = ()
    command: str = ""  # the program that takes the settings, for forms that are a shell script

    def value(self, key: str) -> object:
        """KeyError if the setting is not in the recipe."""
        return {argument.key: argument.value for argument in self.arguments}[key]

    @property
    def notes(self) -> tuple[Sentence, ...]:
        """Every sentence about the settings."""
        return (*self.missing, *self.changed, *self.yours, *(argument.note for argument in self.arguments if argument.note))
