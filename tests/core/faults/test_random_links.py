"""A thousand random addresses: none breaks the page, and whatever is not a setting is named and ignored."""

from __future__ import annotations

import random

import pytest

from core.settings.fields import ConfigError, short
from core.settings.links import from_query
from core.settings.overrides import read_override
from core.settings.run import RunConfig
from core.settings.scenarios import SCENARIOS
from core.settings.start import START

LINKS = 1000
OWNERS = ("", "task.", "algorithm.", "run.", "GRPO.", "DAPO.", "dapo.", "Nobody.", ".", "task.task.", "..")
NAMES = ("noise", "learning_rate", "eps_high", "num_prompts", "updates_per_rollout", "group_size", "defects", "fork", "updates", "nosie",
         "loss_aggregation", "dual_clip", "__class__", "", "first_seed", "epochs", "micro_batch_prompts")  # fmt: skip
TEXTS = (
    "0", "1", "0.1", "-1", "16", "8", "1e400", "nan", "inf", "-inf", "9" * 400, "9" * 6000, "0x10", "1_0", "none", "true", "", " ",
    "0.1,0.2", ",", ",,", "token_mean", "<script>alert(1)</script>", "[x](javascript:alert(1))", "$x^2$", "\x00", "\u202e", "🎲",
    "é" * 300, "a=b", "'; DROP TABLE runs", "%00", "../../etc/passwd", "{}", "\n# title", "٣",
)  # fmt: skip
SIDES = ("GRPO,DAPO", "GRPO,Mine:DAPO", ",,,", "A,A", "GRPO,DAPO,A:GRPO,B:GRPO,C:GRPO", "<b>:GRPO", "task:DAPO", "x:y", ":" * 50)


def links(count: int = LINKS, seed: int = 0) -> list[dict[str, str]]:
    """Addresses of up to nine parameters: names that are nearly right, values of every kind, and plain noise."""
    pick = random.Random(seed)

    def noise() -> str:
        return "".join(
            chr(pick.choice((pick.randrange(32, 127), pick.randrange(0xD000), pick.randrange(0x10000, 0x10FFFF))))
            for _ in range(9)
        )

    def text() -> str:
        return pick.choice(
            (pick.choice(TEXTS), pick.choice(TEXTS), noise(), str(pick.uniform(-2, 20)), str(pick.randrange(-3, 64)))
        )

    def one() -> dict[str, str]:
        made = {}
        if pick.random() < 0.6:
            made["scenario"] = pick.choice((*SCENARIOS, text()))
        if pick.random() < 0.3:
            made["sides"] = pick.choice((*SIDES, text()))
        for _ in range(pick.randrange(7)):
            name = pick.choice((pick.choice(OWNERS) + pick.choice(NAMES), pick.choice(list(START)), noise()))
            made[name] = text()
        return made

    return [one() for _ in range(count)]


def named(problems: tuple[str, ...], name: str) -> bool:
    what = f"parameter {short(name)} was ignored" if name.strip() else "has no name was ignored"
    return any(what in problem for problem in problems)


def test_a_thousand_random_links_open_something_and_name_what_they_ignore():
    refused = 0
    for params in links():
        opened = from_query(params)
        assert opened.runs and all(isinstance(run, RunConfig) for run in opened.runs.values())
        assert all(len(problem) < 1200 for problem in opened.problems)
        for name, value in params.items():
            if name in ("scenario", "sides", "run", *START):
                continue
            try:
                places = read_override(opened.runs, name.strip(), value.strip())
            except ConfigError:
                assert named(opened.problems, name), (name, opened.problems)
                refused += 1
                continue
            if not named(opened.problems, name):
                taken = [_held(opened.runs[label], part, field) for label, part, field in places]
                later = {key.strip() for key in params if key.strip().rpartition(".")[2] == name.strip().rpartition(".")[2]}
                assert taken == list(places.values()) or len(later) > 1, (name, value)
    assert refused > LINKS  # it was tried


def _held(run: RunConfig, part: str, field: str):
    return getattr(run if part == "run" else getattr(run, part), field)


@pytest.mark.parametrize("name", START)
@pytest.mark.parametrize("text", ["9" * 400, "9" * 6000, "-1", "1.5", "", "many", "nan", "\x00"])
def test_a_count_that_cannot_be_is_named_and_the_default_kept(name, text):
    opened = from_query({"scenario": "collapse", name: text})
    assert named(opened.problems, name) and len(opened.problems[0]) < 300
    assert opened.runs == SCENARIOS["collapse"].runs()


def test_settings_that_are_good_only_together_are_taken_together():
    opened = from_query({"num_prompts": "5", "updates_per_rollout": "5", "task.nosie": "1"})
    assert [(run.num_prompts, run.updates_per_rollout) for run in opened.runs.values()] == [(5, 5)] * 2
    assert len(opened.problems) == 1 and named(opened.problems, "task.nosie")


def test_of_settings_that_do_not_go_together_the_first_stays():
    opened = from_query({"task.too_easy_fraction": "0.7", "task.too_hard_fraction": "0.7", "task.noise": "0.1"})
    task = opened.runs["GRPO"].task
    assert (task.too_easy_fraction, task.too_hard_fraction, task.noise) == (0.7, 0.0, 0.1)
    assert len(opened.problems) == 1 and named(opened.problems, "task.too_hard_fraction")


@pytest.mark.thorough
def test_twenty_thousand_more():
    for params in links(20_000, seed=1):
        assert from_query(params).runs
