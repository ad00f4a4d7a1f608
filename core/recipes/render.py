"""An export as a file: Python or YAML for TRL, a shell script for the others."""

from __future__ import annotations

import json
import shlex
import textwrap
from collections.abc import Callable

import yaml

from core.recipes.recipe import Argument, Recipe

WIDTH = 100
HEADINGS = (
    ("missing", "Not expressible in {framework}:"),
    ("changed", "Carried over by a rule, not as a number:"),
    ("yours", "Yours to give:"),
)


def rendered(recipe: Recipe, title: str) -> str:
    """The file's text; `title` is its first line."""
    return "\n".join([*_head(recipe, title), "", *_FORMS[recipe.form](recipe), ""])


def _head(recipe: Recipe, title: str) -> list[str]:
    lines = [*_comment(title), f"# For {recipe.framework} {recipe.version}; names change between versions."]
    for part, heading in HEADINGS:
        if sentences := getattr(recipe, part):
            lines += ["#", f"# {heading.format(framework=recipe.framework)}"]
            lines += [line for sentence in sentences for line in _comment(str(sentence), "#   - ", "#     ")]
    return lines


def _comment(text: str, first: str = "# ", rest: str = "# ") -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )


def _lines(recipe: Recipe, indent: str, written: Callable[[Argument], str]) -> list[str]:
    """A line per setting, with its comment above it."""
    out = []
    for setting in recipe.arguments:
        if setting.note:
            out += _comment(str(setting.note), f"{indent}# ", f"{indent}# ")
        out.append(indent + written(setting))
    return out


def _python(recipe: Recipe) -> list[str]:
    lines = _lines(recipe, "    ", lambda setting: f"{setting.key}={_python_value(setting.value)},")
    return ["from trl import GRPOConfig", *recipe.imports, "", "config = GRPOConfig(", *lines, ")", *recipe.reward]


def _python_value(value: object) -> str:
    return json.dumps(value) if isinstance(value, str) else repr(value)


def _yaml(recipe: Recipe) -> list[str]:
    reward = [f"# {line}" for line in (*recipe.imports, *recipe.reward)]
    return [*_lines(recipe, "", lambda setting: f"{setting.key}: {_yaml_value(setting.value)}"), *reward]


def _yaml_value(value: object) -> str:
    """A value on one line. PyYAML writes 1.0e-06, which it also reads as a number, where 1e-06 would be a text."""
    return yaml.safe_dump(value, default_flow_style=True, width=10_000).removesuffix("\n").removesuffix("\n...")


def _overrides(recipe: Recipe) -> list[str]:
    """A bash script: an array may hold comments between its elements, a continued line may not."""

    def written(setting: Argument) -> str:
        return shlex.quote(f"{setting.key}={hydra_value(setting.value)}")

    return _script(recipe, _lines(recipe, "  ", written))


def hydra_value(value: object) -> str:
    return json.dumps(value, separators=(",", ":")) if isinstance(value, list) else str(value)


def _arguments(recipe: Recipe) -> list[str]:
    return _script(recipe, _lines(recipe, "  ", _argument))


def _argument(setting: Argument) -> str:
    """`--name value`; OpenRLHF's switches have no value, ms-swift's have true or false."""
    value = setting.value
    if isinstance(value, bool):
        return f"--{setting.key}" if "." in setting.key else f"--{setting.key} {str(value).lower()}"
    values = value if isinstance(value, list) else [value]
    return " ".join([f"--{setting.key}", *(shlex.quote(str(v)) for v in values)])


def _script(recipe: Recipe, lines: list[str]) -> list[str]:
    return ["settings=(", *lines, ")", f'{recipe.command} "${{settings[@]}}" "$@"']


_FORMS = {"python": _python, "yaml": _yaml, "overrides": _overrides, "recipe": _overrides, "arguments": _arguments}
