"""Numbers in the text: {{…}} is computed or measured, never typed.

    {{collapse/GRPO/entropy_nats/final_over_initial:.2f}}          docs/measured.json, seeds from 0
    {{collapse/seeds from 100/GRPO/grad_norm/final:.2f}}           another of its variants
    {{collapse/differences/DAPO - GRPO/eval_accuracy/mean:.2f}}    also `ratios`
    {{run/GRPO/eval_accuracy/final:.2f}}                           the miniature that has just been trained (its summary)
    {{=largest_advantage(16):.2f}}                                 a function of pages/shared/learn/numbers/PAGE.py, given numbers

What follows the last colon is a Python format; `%` is written with a space. <!-- holds: A < B --> beside a sentence is a claim that the
tests check; A and B are such expressions without braces, or numbers.
"""

from __future__ import annotations

import importlib
import json
import operator
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from pages.shared.common.documents import TextError

MEASURED = Path(__file__).resolve().parents[3] / "docs" / "measured.json"
VARIANT = "seeds from 0"
PLACEHOLDER = re.compile(r"\{\{(.+?)(?::([^:{}/]*))?\}\}")
CALL = re.compile(r"=\s*(\w+)\((.*)\)")
CLAIM = re.compile(r"<!--\s*holds:\s*(.+?)\s+(<=|>=|<|>)\s+(.+?)\s*-->")
COMPARE = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
NOT_MEASURED = "not measured"


@cache
def measured() -> dict:
    """Scenario -> variant -> summary, as `python -m bench.scenarios` wrote it."""
    return json.loads(MEASURED.read_text(encoding="utf-8"))["scenarios"]


def fill(text: str, page: str, run: Mapping | None = None) -> str:
    """`text` with its placeholders filled and its claims left out. TextError names a placeholder without a value."""
    return PLACEHOLDER.sub(lambda match: _shown(value(match[1], page, run), match[2] or ""), CLAIM.sub("", text))


def value(expression: str, page: str, run: Mapping | None = None) -> float | None:
    """The value of an expression. `run` is the summary of a miniature, see `core.analysis.summary.summarise`."""
    expression = expression.strip()
    if call := CALL.fullmatch(expression):
        function = functions(page).get(call[1])
        if function is None:
            raise TextError(f"{{{{{expression}}}}}: numbers/{page}.py has no function {call[1]}; add it")
        return function(*(float(argument) for argument in call[2].split(",") if argument.strip()))
    name, *path = expression.split("/")
    if name == "run":
        if run is None:
            raise TextError(
                f"{{{{{expression}}}}}: a miniature's numbers are only known in the section {{#result}}; move it there"
            )
        return _walk(run, path, expression)
    variants = measured().get(name)
    if variants is None:
        raise TextError(f"{{{{{expression}}}}}: docs/measured.json has no scenario {name!r}; it has {', '.join(measured())}")
    variant = path.pop(0) if path[0] in variants else VARIANT
    return _walk(variants[variant], path, expression)


def claims(text: str) -> list[tuple[str, str, str]]:
    """(A, comparison, B) of every claim in `text`."""
    return CLAIM.findall(text)


def holds(claim: tuple[str, str, str], page: str) -> bool:
    left, comparison, right = claim
    return COMPARE[comparison](_side(left, page), _side(right, page))


def functions(page: str) -> dict[str, Callable]:
    """The functions of numbers/PAGE.py by name; empty if there is no such file."""
    if not (Path(__file__).parent / "numbers" / f"{page}.py").exists():
        return {}
    module = importlib.import_module(f"pages.shared.learn.numbers.{page}")
    return {name: made for name, made in vars(module).items() if getattr(made, "__module__", None) == module.__name__}


def _side(expression: str, page: str) -> float:
    try:
        return float(expression)
    except ValueError:
        return value(expression, page)


def _walk(summary: Mapping, path: list[str], expression: str) -> float | None:
    found = summary if path[0] in ("differences", "ratios") else summary["algorithms"]
    for part in path:
        if isinstance(found, Mapping) and part in found:
            found = found[part]
        elif isinstance(found, list) and part.isdigit() and int(part) < len(found):
            found = found[int(part)]
        else:
            choices = ", ".join(found) if isinstance(found, Mapping) else "nothing further"
            raise TextError(f"{{{{{expression}}}}}: there is no {part!r}; there is {choices}")
    if isinstance(found, Mapping | list):
        raise TextError(f"{{{{{expression}}}}} is not one number; go on with one of {', '.join(map(str, found))}")
    return found


def _shown(number: float | None, spec: str) -> str:
    if number is None:
        return NOT_MEASURED
    return format(number, spec).replace("%", "\N{NO-BREAK SPACE}%").replace("-", "−")
