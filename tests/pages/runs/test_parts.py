"""The parts of the Runs page that need no Streamlit: names, settings, outcomes, selection, colours."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC

import numpy as np
import pytest

from core.analysis.history import History
from core.analysis.result import RunResult, Status
from core.analysis.summary import summarise
from core.engine.types import StepRecord
from core.runs.store.store import StoredRun
from core.settings.algorithm import GRPO
from core.settings.diff import ABSENT
from core.settings.scenarios import SCENARIOS
from core.settings.serial import config_to_json
from pages.shared.common.cache import Cache
from pages.shared.common.labels import MAX_NAME, chart_text, clean_name, distinct
from pages.shared.runs.listed import ListedRun
from pages.shared.runs.names import Naming, long_labels, run_naming, short_labels
from pages.shared.runs.outcomes import FINAL_METRICS, NOTHING, outcome_of, read_outcomes
from pages.shared.runs.overlay import MAX_DRAWN, assign_styles, charts_of_tasks, notes
from pages.shared.runs.settings import Brief, brief, difference_rows
from pages.shared.runs.table import after_ticks
from tests.support import BANDIT, CHAIN, small_run

ROW = StoredRun(1, "c1", "ann", "collapse", "", "GRPO", Status.DONE, "", "", 1e9, 1e9 + 5, 12, 12, None, "{}")
SEEDS = Brief("chain", "held-out accuracy", 2, 0, "none")


def named(row: StoredRun, of: Brief = SEEDS) -> Naming:
    return run_naming(row, of)


def plain(config) -> dict:
    return json.loads(config_to_json(config))


# Names


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  two \n lines\t", "two lines"),
        ("a\u202eb\u0000c\u200d", "abc"),  # direction mark, control character, joiner
        ("<b>é</b> 漢字 🙂", "<b>é</b> 漢字 🙂"),
        ("x" * 100, "x" * MAX_NAME),
        ("\u200b \n", ""),
    ],
)
def test_a_name_is_one_short_line_without_invisible_marks(typed, kept):
    assert clean_name(typed) == kept


def test_labels_name_only_what_the_runs_do_not_share():
    dapo, other = replace(ROW, stored_id=2, label="DAPO"), replace(ROW, stored_id=3, comparison="c2", name="mine")
    assert short_labels([named(ROW), named(dapo)], UTC) == ["GRPO", "DAPO"]
    long = replace(ROW, name="x" * 40)
    assert short_labels([named(long), named(other)], UTC) == ["x" * 27 + "… · GRPO", "mine · GRPO"]
    later = replace(SEEDS, first_seed=5, replicas=1)
    assert short_labels([named(ROW), named(dapo, later)], UTC) == ["GRPO · seeds 0–1", "DAPO · seed 5"]
    again = replace(other, comparison="c3", created=1e9 + 60)
    assert short_labels([named(other), named(again)], UTC) == ["mine · GRPO · 01:46:40", "mine · GRPO · 01:47:40"]


def test_labels_are_never_equal():
    twins = [named(replace(ROW, stored_id=i, comparison=f"c{i}")) for i in range(3)]
    assert len(set(short_labels(twins, UTC))) == 3
    assert long_labels(twins, UTC)[2].endswith("01:46:40") and long_labels(twins, UTC)[0].endswith(
        "(3)"
    )  # the newest comes first
    assert distinct(["a", "a (2)", "a", "a"]) == ["a", "a (2)", "a (3)", "a (4)"]


def test_no_label_is_a_command_to_plotly():
    assert chart_text("<b>%{y}</b>") == "‹b›% {y}‹/b›"


# Settings


def test_settings_of_another_version_are_shown_and_damaged_ones_named():
    assert brief("collapse", "DAPO", None).changes == "cannot be read"
    future = plain(SCENARIOS["collapse"].runs()["DAPO"])
    future["task"] = {"name": "chess", "boards": 3}
    assert brief("collapse", "DAPO", future).score_name == ""
    assert "task.boards 3" in brief("collapse", "DAPO", future).changes


def test_differences_have_a_row_per_setting_that_differs():
    first = small_run(CHAIN, GRPO)
    second = replace(first, algorithm=replace(GRPO, dual_clip=3.0, normalize_std=False), first_seed=9)
    assert difference_rows({"a": plain(first), "b": plain(second)}) == {
        "algorithm.dual_clip": {"a": "none", "b": "3.0"},
        "algorithm.normalize_std": {"a": "true", "b": "false"},
        "first_seed": {"a": "0", "b": "9"},
    }
    other = difference_rows({"a": plain(first), "b": plain(small_run(BANDIT, GRPO))})
    assert other["task.name"] == {"a": "chain", "b": "bandit"} and other["task.pool_size"] == {"a": "10", "b": ABSENT}
    assert difference_rows({"a": plain(first), "b": plain(first)}) == {} == difference_rows({})


# Outcomes


def made_history(rng, updates: int = 200) -> History:
    history = History((0, 1, 2))
    for update in range(1, updates + 1):
        metrics = {"entropy_nats": 2 * np.exp(-update / 50) + 0.01 * rng.random(3), "grad_norm": 1 + rng.random(3)}
        if update % 16 == 1:
            metrics |= {
                "eval_accuracy": rng.random(3),
                "filter_ratio": np.where([True, True, update > 100], rng.random(3), np.nan),
            }
        history.append(StepRecord(update, 1, np.full(3, update), 0.1 * update, metrics))
    return history


def test_an_outcome_is_what_the_summary_says():
    history = made_history(np.random.default_rng(0))
    told = summarise("collapse", {"x": RunResult(small_run(CHAIN, GRPO), history)})["algorithms"]["x"]
    outcome = outcome_of(history)
    assert outcome.final == pytest.approx({name: told[name]["final"] for name in FINAL_METRICS})
    (happened,) = outcome.happened
    assert happened.startswith("entropy collapsed") and happened.endswith(f", at {told['events']['entropy_low_update']}")
    assert outcome.seconds == told["seconds"]


def test_what_was_never_measured_has_no_final_value():
    history = History((0, 1))
    assert outcome_of(history).seconds is None
    for update in range(1, 4):
        history.append(StepRecord(update, 1, np.full(2, update), 1.0, {"loss": np.ones(2)}))
    assert set(outcome_of(history).final.values()) == {None} and outcome_of(history).seconds == 1.0


def test_outcomes_are_read_once_and_a_few_at_a_time():
    read, known = [], Cache(100)

    def reader(number: int):
        def of_it():
            read.append(number)
            if number == 3:
                raise LookupError
            return replace(NOTHING, seconds=float(number))

        return of_it

    wanted = {number: reader(number) for number in (0, 3, 4, 5)}
    assert [read_outcomes(wanted, known, 0.0) for _ in range(5)] == [3, 2, 1, 0, 0]  # one at a time when there is no time
    assert read == [0, 3, 4, 5] and known.get(3) == NOTHING and known.get(5).seconds == 5
    assert read_outcomes({(0, "more"): reader(7), 0: reader(8)}, known, 0.0) == 0  # another key: there is more
    assert read == [0, 3, 4, 5, 7]


# Selection and colours


@pytest.mark.parametrize(
    ("before", "shown", "ticks", "after"),
    [
        ([], [10, 11, 12], [1], [11]),
        ([12], [10, 11, 12], [0, 2], [12, 10]),  # keeps its place
        ([12, 10], [10, 11], [], [12]),  # what is not shown stays
        ([12], [10, 11], [1], [12, 11]),
        ([10, 11], [10, 11, 12], [1], [11]),
        ([], [10], [0, 5], [10]),  # a row that is gone
    ],
)
def test_ticks_change_only_what_the_table_shows(before, shown, ticks, after):
    assert after_ticks(before, shown, ticks) == after


def test_each_run_has_a_style_of_its_own_and_keeps_it():
    first = assign_styles({}, [(1, "GRPO"), (2, "GRPO"), (3, "DAPO")])
    assert first == {1: 0, 2: 2, 3: 1}  # the second GRPO takes a style that is nobody's own
    assert assign_styles(first, [(3, "DAPO"), (4, "GRPO")]) == {3: 1, 4: 0}
    full = assign_styles(first, [(i, "GRPO") for i in range(1, MAX_DRAWN + 1)])
    assert sorted(full.values()) == list(range(MAX_DRAWN)) and full.items() >= {(1, 0), (2, 2), (3, 1)}


def test_the_score_has_a_name_only_where_all_runs_share_it():
    titles = {
        task: next(c["title"] for c in charts_of_tasks({task}) if c["name"] == "eval_accuracy") for task in ("chain", "bandit")
    }
    assert titles["chain"] != titles["bandit"]
    mixed = next(c for c in charts_of_tasks({"chain", "bandit"}) if c["name"] == "eval_accuracy")
    assert mixed["title"] == "Score" and "bounds" not in mixed
    assert [c["name"] for c in charts_of_tasks(set())] == [c["name"] for c in charts_of_tasks({"chain"})]


def test_only_a_comparison_of_tasks_or_lengths_gets_a_note():
    def run(task: str, total: int):
        return ListedRun.of(replace(ROW, total=total), replace(SEEDS, task=task, score_name=f"{task} score"), None)

    assert notes([run("chain", 9), run("chain", 9)]) == []
    assert [note.split(":")[0] for note in notes([run("chain", 9), run("bandit", 10)])] == [
        "These runs are on different tasks",
        "These runs have different lengths",
    ]
