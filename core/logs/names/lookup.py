"""From a logged name to its line in the tables."""

from __future__ import annotations

import re
from collections.abc import Iterable

from core.logs.names import others, own, trl, verl
from core.logs.names.entry import Name
from core.logs.names.words import by_words
from core.logs.steps import fold

NAMES: tuple[Name, ...] = (
    *others.LAB, *trl.NAMES, *verl.NAMES, *others.SLIME, *others.OPENRLHF, *others.PRIME_RL, *others.TINKER, *others.ROLL, *own.NAMES
)  # fmt: skip


def _tables() -> tuple[dict[str, list[tuple[int, Name]]], list[tuple[int, Name, re.Pattern]]]:
    exact: dict[str, list[tuple[int, Name]]] = {}
    patterns = []
    for place, name in enumerate(NAMES):
        if "*" in name.logged:
            parts = (re.escape(fold(part)) if part.strip("/_@") else "" for part in re.split(r"\*", name.logged))
            patterns.append((place, name, re.compile("_?.{0,120}?_?".join(parts))))
        else:
            exact.setdefault(fold(name.logged), []).append((place, name))
    return exact, patterns


_HOW = re.compile(r"@(?:sum|mean|max|min)$")  # ROLL's mark of how the values of its workers are put together
_EXACT, _PATTERNS = _tables()
_PREFIXES = ("train_", "training_", "metrics_", "rollout_", "actor_", "global_")  # where a name alone is not known


_SETTINGS = ("max_grad_norm", "clip_grad_norm", "grad_norm_clip", "grad_norm_threshold")  # end as a metric does


def name_for(logged: str, framework: str = "") -> list[tuple[int, Name]]:
    """The lines that `logged` may stand for in a log of `framework`, with their places (an earlier one is taken first); [] for an unknown
    name."""
    found = _lines(logged)
    own = [hit for hit in found if framework in hit[1].of]
    return own or [hit for hit in found if not hit[1].of]


def is_of_a_table(logged: str) -> bool:
    """Whether a table has this name; the words of a name are not looked at."""
    return any(place < len(NAMES) for place, _ in _lines(logged))


def _lines(logged: str) -> list[tuple[int, Name]]:
    folded = fold(logged.replace("_at_", "@"))  # MLflow has no @ in a name
    folded = _HOW.sub("", folded)
    if folded.endswith(_SETTINGS):
        return []
    found = list(_EXACT.get(folded, ()))
    if not found:
        found = [(place, name) for place, name, pattern in _PATTERNS if pattern.fullmatch(folded)]
    if not found:
        found = next((list(_EXACT[rest]) for rest in _without_prefix(folded) if rest in _EXACT), [])
    if not found:
        found = list(by_words(logged))
    return found


def _without_prefix(folded: str) -> Iterable[str]:
    for prefix in _PREFIXES:
        if folded.startswith(prefix):
            yield folded.removeprefix(prefix)
