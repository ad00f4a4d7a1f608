"""Text to names and values, whatever it is written in: YAML, JSON, a Python call or dictionary, a command line, a shell script.

Nothing is ever executed or unpickled."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice

import yaml

from core.logs.sentences import say
from core.logs.source import Refused
from core.recipes.reading import sentences as s
from core.recipes.reading.shell import read_shell

MOST_BYTES = 1_000_000
MOST_DEPTH, MOST_NAMES = 20, 20_000
PREFIX = re.compile(
    r"^\s*(?:\x1b\[[0-9;]*m)*\([^()\n]{1,80}pid=\d+[^()\n]{0,80}\)(?:\x1b\[[0-9;]*m)* ?", re.MULTILINE
)  # Ray's, before each line
CALL = re.compile(r"\b\w*Config\s*\(|\bdict\s*\(")
DICTIONARY = re.compile(r"\{\s*['\"]\w+['\"]\s*:")
SOFT_OVERLONG = re.compile(r"get_soft_overlong_punishment\(\s*(?:\w+\s*=\s*)?(\d{1,9})\s*,\s*(?:\w+\s*=\s*)?(\d{1,9})\s*\)")
COMPUTED = object()  # a value that a program computes
Flat = dict[str, object]


def read_text(text: str) -> Flat:
    """Dotted name -> value. Refused, with one sentence, if no settings are in it."""
    text = PREFIX.sub("", text)
    for read in (_json, _python_call, _python_value, _yaml, read_shell):
        found = read(text)
        if found:
            return found
    raise Refused(say(s.NO_SYNTAX))


def decoded(data: bytes | str) -> str:
    """The text. Refused if it is empty, too long or a pickled object."""
    if isinstance(data, bytes):
        if data[:2] in (b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"):
            raise Refused(say(s.PICKLE))
        if len(data) > MOST_BYTES:
            raise Refused(say(s.TOO_LONG, size=len(data), most=MOST_BYTES))
        data = data.decode("utf-8-sig", errors="replace")
    if len(data) > MOST_BYTES:
        raise Refused(say(s.TOO_LONG, size=len(data), most=MOST_BYTES))
    if not data.strip():
        raise Refused(say(s.EMPTY))
    return data.replace("\r\n", "\n")


def soft_overlong(text: str) -> Flat:
    """TRL's soft overlong punishment, which is a reward function in the program and no setting, under ms-swift's names."""
    match = SOFT_OVERLONG.search(text)
    if match is None:
        return {}
    limit, width = (int(match[1]), int(match[2]))
    return {"reward_funcs": "soft_overlong", "soft_max_length": limit, "soft_cache_length": width}


def _json(text: str) -> Flat:
    try:
        return _from_tree(json.loads(text))
    except (ValueError, RecursionError):
        return {}


def _yaml(text: str) -> Flat:
    """YAML of plain values: the safe loader makes no objects."""
    try:
        return _from_tree(yaml.load(text, Loader=_Loader))
    except (yaml.YAMLError, RecursionError, ValueError, TypeError):
        return {}


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """The safe loader, in C where PyYAML has it, which also reads 1e-06 as a number, as YAML 1.2 and Hydra do."""


_Loader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"^[-+]?\d+(\.\d*)?[eE][-+]?\d+$"), list("-+0123456789"))


def _python_value(text: str) -> Flat:
    """A dictionary as Python prints it, among other output."""
    start = DICTIONARY.search(text)
    if start is None:
        return {}
    try:
        return _from_tree(ast.literal_eval(_balanced(text, start.start())))
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return {}


def _python_call(text: str) -> Flat:
    """The keyword arguments of the first call of something whose name ends in Config. Names given to plain values above it are known."""
    for match in CALL.finditer(text):
        call = _parsed("f" + _balanced(text, match.end() - 1))
        if isinstance(call, ast.Call) and call.keywords:
            known = dict(_assignments(text))
            return {word.arg: _literal(word.value, known) for word in call.keywords if word.arg}
    return {}


def _balanced(text: str, start: int) -> str:
    """From the bracket at `start` up to the one that closes it; "" if there is none."""
    depth = 0
    for at in range(start, min(len(text), start + 100_000)):
        depth += (text[at] in "([{") - (text[at] in ")]}")
        if depth == 0:
            return text[start : at + 1]
    return ""


def _parsed(source: str) -> ast.expr | None:
    try:
        return ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def _assignments(text: str) -> Iterator[tuple[str, object]]:
    for name, source in re.findall(r"^\s*([A-Za-z_]\w*)\s*=\s*([^=\n][^\n]*)$", text, re.MULTILINE):
        value = _parsed(source)
        if value is not None and (found := _literal(value, {})) is not COMPUTED:
            yield name, found


def _literal(node: ast.expr, known: Mapping[str, object]) -> object:
    if isinstance(node, ast.Name) and node.id in known:
        return known[node.id]
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return COMPUTED


def _from_tree(tree: object) -> Flat:
    """Nested settings as dotted names. W&B's `{name: {"value": …}}` is unwrapped."""
    if not isinstance(tree, dict) or not tree:
        return {}
    tree = {key: value for key, value in tree.items() if key not in ("_wandb", "wandb_version")}
    wrapped = [
        value for value in tree.values() if isinstance(value, dict) and "value" in value and set(value) <= {"value", "desc"}
    ]
    if wrapped and len(wrapped) == len(tree):
        tree = {key: value["value"] for key, value in tree.items()}
    return dict(islice(_walk(tree, "", 0), MOST_NAMES))  # aliases can make a small file endless


def _walk(tree: Mapping, prefix: str, depth: int) -> Iterator[tuple[str, object]]:
    for key, value in tree.items():
        if isinstance(value, dict) and value and depth < MOST_DEPTH:
            yield from _walk(value, f"{prefix}{key}.", depth + 1)
        else:
            yield f"{prefix}{key}", value
