"""The frameworks that settings can be written for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.recipes import ms_swift, openrlhf, trl, verl
from core.recipes import sentences as s
from core.recipes.carry import one_replica
from core.recipes.machine import Machine
from core.recipes.recipe import Recipe
from core.recipes.render import rendered
from core.settings.fields import ConfigError, short
from core.settings.run import RunConfig


@dataclass(frozen=True)
class Target:
    """`forms`: name of a form -> (what it is called, ending of its file); the first is the usual one."""

    name: str
    version: str
    forms: dict[str, tuple[str, str]]
    write: Callable[[RunConfig, Machine, str, bool], Recipe]


TARGETS = {
    "trl": Target(trl.FRAMEWORK, trl.VERSION, {"python": ("Python", ".py"), "yaml": ("YAML", ".yaml")}, trl.write),
    "verl": Target(
        verl.FRAMEWORK, verl.VERSION, {"overrides": ("main_ppo", ".sh"), "recipe": ("the DAPO recipe", ".sh")}, verl.write
    ),
    "ms-swift": Target(ms_swift.FRAMEWORK, ms_swift.VERSION, {"arguments": ("command line", ".sh")}, ms_swift.write),
    "openrlhf": Target(openrlhf.FRAMEWORK, openrlhf.VERSION, {"arguments": ("command line", ".sh")}, openrlhf.write),
}


def write_recipe(
    run: RunConfig, target: str, machine: Machine | None = None, *, form: str | None = None, seed: int | None = None
) -> Recipe:
    """`run`'s settings for the framework `target`, in its usual form unless another is named. `seed` chooses among values per seed.
    ConfigError for an unknown target or form, for what no framework has, or for GPUs that do not divide an update."""
    if target not in TARGETS:
        raise ConfigError(s.REFUSED_TARGET.format(known=", ".join(TARGETS), value=short(repr(target))))
    found = TARGETS[target]
    form = form or next(iter(found.forms))
    if form not in found.forms:
        known = ", ".join(found.forms)
        raise ConfigError(s.REFUSED_FORM.format(known=known, framework=found.name, value=short(repr(form))))
    chosen = bool(run.per_replica)
    return found.write(one_replica(run, seed), machine or Machine(), form, chosen)


def recipe_text(recipe: Recipe, label: str, scenario: str) -> str:
    """The recipe as a file's text. `label` and `scenario` say where in the Lab it comes from."""
    return rendered(recipe, f"The settings of {label} in DAPO Lab's scenario {scenario}.")
