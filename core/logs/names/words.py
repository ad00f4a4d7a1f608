"""Names that no table has, by the words in them: `policy/policy_entropy`, `MeanReward`, `avg_response_len`. Looked at last, always with a note.

A name counts only if nothing is left of it beside the words of one metric and words that say nothing (train, mean, policy, …): a word that is
not known here, such as `format` or `std`, may make another quantity of it.
"""

from __future__ import annotations

import re
from functools import lru_cache

from core.logs.names import notes as n
from core.logs.names.entry import Name

_SAYS_NOTHING = frozenset(
    ("train", "training", "trainer", "mean", "avg", "average", "batch", "current", "policy", "actor", "grpo", "dapo", "metric")
)
_EVALUATION = frozenset(("eval", "evaluation", "test", "val", "validation", "heldout"))
_ANSWER = ("response", "completion", "generation", "output", "answer", "gen")
_METRICS: dict[str, tuple[str, ...]] = {
    "entropy_nats": ("entropy", "token entropy", "approx entropy"),
    "grad_norm": ("grad norm", "gradient norm", "gradnorm", "raw grad norm"),
    "loss": ("loss", "final loss", "pg loss", "surrogate loss"),
    "reward_mean": (
        "reward", "score", "raw reward", "task reward", "overall reward", "total reward", "objective score",
        "objective rlhf reward",
    ),
    "reward_std": ("reward std", "score std"),
    "accuracy": ("accuracy", "acc", "success rate", "correct rate", "pass rate", "solve rate"),
    "kl_base": ("kl", "kl divergence", "kl penalty", "kl ref", "objective kl", "reference kl"),
    "clip_fraction": ("clip fraction", "clip frac", "clipfrac", "clip ratio", "ppo clip ratio", "ppo clip frac"),
    "completion_tokens_mean": (
        *(f"{answer} {word}" for answer in _ANSWER for word in ("length", "len", "token", "num token", "token count")),
        "generate num token", "gen token per sample",
    ),
    "truncated_fraction": tuple(f"{what} {share}" for what in ("truncated", "truncation", "cut off") for share in ("fraction", "ratio", "rate")),
}  # fmt: skip
_EVALUATED = {"reward_mean": "eval_reward", "accuracy": "eval_accuracy"}
_BY_WORDS = {frozenset(words.split()): metric for metric, several in _METRICS.items() for words in several}
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_PLACE = 1_000_000  # after every name of a table


@lru_cache(maxsize=10_000)
def by_words(logged: str) -> tuple[tuple[int, Name], ...]:
    """The line that a name stands for by its words, () if one of them is not known."""
    words = {_singular(word) for word in re.split(r"[^a-z0-9]+", _HUMP.sub("_", logged).lower()) if word}
    of_evaluation = bool(words & _EVALUATION)
    metric = _BY_WORDS.get(frozenset(words - _SAYS_NOTHING - _EVALUATION))
    if of_evaluation:
        metric = _EVALUATED.get(metric or "")
    return () if metric is None else ((_PLACE, Name(logged, metric, note=n.OWN_NAME)),)


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
