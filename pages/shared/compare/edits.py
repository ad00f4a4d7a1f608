"""The settings as this tab has changed them: the first values and, over them, every change, the last of which can be taken back.

All widgets of a setting are views of one value: they take it before they are drawn, and tell their changes to `edit`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from core.settings.fields import ConfigError
from core.settings.overrides import Changes, changed
from core.settings.run import RunConfig
from core.settings.scenario import Scenario
from core.settings.sides import Side, side_runs, sides_of
from pages.shared.compare.state import PRESENT, UNDO

MOST_UNDONE = 30
TASK, RUN = "task", "run"  # owners that all sides share; any other is a side's label


@dataclass(frozen=True)
class Settings:
    """The settings of one moment. `first` are valid; `changes` need not be, together."""

    scenario: Scenario
    first: dict[str, RunConfig]
    changes: Changes = field(default_factory=dict)

    def runs(self) -> dict[str, RunConfig]:
        """Label -> settings. ConfigError if the changes do not go together."""
        return changed(self.first, self.changes)

    def value(self, owner: str, name: str) -> object:
        """The value of a setting of `owner`: TASK, RUN or a side's label. Of the updates it is that of a side without extra."""
        label, part = self._place(owner)
        kept = self.changes.get((label, part, name))
        run = self.first[label]
        value = kept if (label, part, name) in self.changes else getattr(run if part == RUN else getattr(run, part), name)
        return value // self._times[label] if (part, name) == (RUN, "updates") else value

    def default(self, owner: str, name: str) -> object:
        """The value that the scenario gives it."""
        label, part = self._place(owner)
        run = self._as_in_the_scenario[label] if part == "algorithm" else self.scenario.run
        return getattr(run if part == RUN else getattr(run, part), name)

    def with_value(self, owner: str, name: str, value: object) -> Settings:
        return self.with_values(owner, {name: value})

    def with_values(self, owner: str, values: Mapping[str, object]) -> Settings:
        """The same with other values of settings of `owner`."""
        label, part = self._place(owner)
        labels = [label] if part == "algorithm" else list(self.first)
        new: Changes = {
            (each, part, name): value * self._times[each] if (part, name) == (RUN, "updates") else value
            for each in labels
            for name, value in values.items()
        }
        return Settings(self.scenario, self.first, self.changes | new)

    def _place(self, owner: str) -> tuple[str, str]:
        shared = owner in (TASK, RUN)
        return (next(iter(self.first)), owner) if shared else (owner, "algorithm")

    @cached_property
    def sides(self) -> tuple[Side, ...]:
        return sides_of(self.scenario, self.first)

    @cached_property
    def _as_in_the_scenario(self) -> dict[str, RunConfig]:
        return side_runs(self.scenario, self.sides)

    @cached_property
    def _times(self) -> dict[str, int]:
        """Label -> how many times as many updates as the others it has."""
        return {side.label: self.scenario.longer.get(side.base, 1) for side in self.sides}


def present() -> Settings:
    return PRESENT.get()


def set_first(scenario: Scenario, runs: dict[str, RunConfig]) -> None:
    """Give every setting a first value, which cannot be undone."""
    PRESENT.set(Settings(scenario, runs))
    UNDO.set(())


def change(settings: Settings, what: str) -> None:
    """Take `settings` in place of the present ones. `what` says in words what was changed. Before widgets are drawn, or in a callback."""
    UNDO.set((*UNDO.get(), (present(), what))[-MOST_UNDONE:])
    PRESENT.set(settings)


def edit(owner: str, name: str, value: object, what: str) -> None:
    """Change one setting, if it is not so already."""
    if present().value(owner, name) != value:
        change(present().with_value(owner, name, value), what)


def undo() -> None:
    """Take back the last change."""
    if UNDO.get():
        *rest, (before, _) = UNDO.get()
        UNDO.set(tuple(rest))
        PRESENT.set(before)


def last_change() -> str:
    """What `undo` would take back, in words; '' = nothing."""
    return UNDO.get()[-1][1] if UNDO.get() else ""


def valid_runs() -> dict[str, RunConfig]:
    """The present runs; where they are invalid, those before the last changes."""
    try:
        return present().runs()
    except ConfigError:
        return present().first
