"""A command line or shell script to names and values: `a.b=c` as Hydra takes them, `--name value` and `--name=value`.

Variables that the script sets itself are filled in; nothing is executed."""

from __future__ import annotations

import ast
import operator
import re
import shlex

import yaml

VARIABLE = re.compile(r"\$\{(\w+)(?::?[-=]([^{}]*))?\}|\$(\w+)")
SUM = re.compile(r"\$\(\(([\w\s+*/$(){}-]*)\)\)")
ASSIGNMENT = re.compile(r"^(?:export\s+)?([A-Za-z_]\w*)=(.*)$", re.DOTALL)
OVERRIDE = re.compile(r"^(?:\+{1,2}|~)?([A-Za-z_][\w/@-]*(?:\.[\w/@-]+)+)=(.*)$", re.DOTALL)
OPTION = re.compile(r"^--?([A-Za-z][\w.-]*)(?:=(.*))?$", re.DOTALL)
NUMBER = re.compile(r"^-?\.?\d")
OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.floordiv,
    ast.FloorDiv: operator.floordiv,
}
MOST_WORDS = 20_000


def read_shell(text: str) -> dict[str, object]:
    """Name -> value; empty if there is neither an override nor an option in it."""
    words = _words(text.replace("\\\n", " "))
    variables: dict[str, str] = {}
    found: dict[str, object] = {}
    at = 0
    while at < len(words):
        word = _filled(words[at], variables)
        at += 1
        if match := OVERRIDE.match(word):
            found[match[1]] = value_of(match[2])
        elif match := ASSIGNMENT.match(word):
            variables[match[1]] = match[2]
        elif match := OPTION.match(word):
            values = [match[2]] if match[2] is not None else []
            while match[2] is None and at < len(words) and not _begins(words[at]):
                values.append(_filled(words[at], variables))
                at += 1
            found[match[1].replace("-", "_")] = _option_value(values)
    return found


def value_of(text: str) -> object:
    """A value as Hydra reads it: YAML, with 1e-6 as a number."""
    text = text.strip()
    try:
        return float(text) if re.fullmatch(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+", text) else yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError, TypeError):
        return text


def _words(text: str) -> list[str]:
    """The script's words, line by line so that a quote that is never closed spoils one line only."""
    words: list[str] = []
    for line in text.split("\n"):
        line = line.strip().removeprefix("settings=(").removesuffix("\\")
        line = re.sub(r"^\w+=\($", "", line)
        line = SUM.sub(lambda match: "".join(match[0].split()), line)  # one word
        try:
            words += shlex.split(line, comments=True)
        except ValueError:
            words += line.split()
        if len(words) > MOST_WORDS:
            break
    return words[:MOST_WORDS]


def _begins(word: str) -> bool:
    """Whether another option, override or command begins here."""
    return bool(OVERRIDE.match(word)) or (word.startswith("-") and not NUMBER.match(word))


def _option_value(values: list[str]) -> object:
    if not values:
        return True  # a switch
    read = [value_of(value) for value in values]
    return read[0] if len(read) == 1 else read


def _filled(word: str, variables: dict[str, str]) -> str:
    """`word` with the script's own variables, `${name:-default}` and sums of whole numbers filled in. What is unknown stays as it is."""
    if "$" not in word:
        return word
    word = SUM.sub(lambda match: _sum(match, variables), word)
    return VARIABLE.sub(lambda match: variables.get(match[1] or match[3], match[2] if match[2] is not None else match[0]), word)


def _sum(match: re.Match, variables: dict[str, str]) -> str:
    source = VARIABLE.sub(lambda m: variables.get(m[1] or m[3], m[0]), match[1])
    source = re.sub(r"[A-Za-z_]\w*", lambda m: variables.get(m[0], m[0]), source)
    try:
        return str(_whole(ast.parse(source.strip(), mode="eval").body))
    except (SyntaxError, ValueError, ZeroDivisionError, RecursionError, MemoryError):
        return match[0]


def _whole(node: ast.expr) -> int:
    if isinstance(node, ast.Constant) and type(node.value) is int and abs(node.value) < 10**12:
        return node.value
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATIONS:
        value = OPERATIONS[type(node.op)](_whole(node.left), _whole(node.right))
        if abs(value) < 10**12:
            return value
    raise ValueError("not a sum of whole numbers")
