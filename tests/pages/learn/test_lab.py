"""The page *The lab*: its switches choose what is trained, and its bugs run."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from core.runs.foreground import run_all
from core.settings.algorithm import LAB_DEFECTS
from core.settings.scenarios import SCENARIOS
from pages.shared.common import contents, documents, process
from pages.shared.learn import lab, lab_bugs
from pages.shared.learn.small import small

PAGE = "the_lab"
ALL = [defects for n in range(4) for defects in combinations(LAB_DEFECTS, n)]


def trained(defects: tuple[str, ...], **changes) -> dict:
    return run_all(small(lab.SCENARIO, replicas=2, **(lab.chosen(defects) | changes)))


@pytest.mark.parametrize("rollouts", [10, pytest.param(100, marks=pytest.mark.thorough)])
def test_with_all_defects_it_is_the_lab_bit_for_bit_and_with_none_the_repaired_one(rollouts):
    for defects, scenario in ((LAB_DEFECTS, "lab"), ((), "lab-repaired")):
        whole = SCENARIOS[scenario].runs()["GRPO"]
        updates = rollouts * whole.updates // whole.rollouts
        ours, theirs = trained(defects, updates=updates), run_all(SCENARIOS[scenario].runs(replicas=2, updates=updates))
        for side in ("GRPO", "DAPO"):
            assert small(lab.SCENARIO, **lab.chosen(defects))[side].updates == SCENARIOS[scenario].runs()[side].updates
            for metric in ("grad_norm", "entropy_nats", "reward_mean", "filter_ratio"):
                a, b = (found[side].history.metric(metric) for found in (ours, theirs))
                assert np.array_equal(a, b, equal_nan=True), (scenario, side, metric)


def test_only_the_first_repair_brings_the_gradient_back():
    for defects in ALL:
        first = trained(defects, updates=2)["GRPO"].history.metric("grad_norm")[1].mean()
        assert first < 1e-3 if "undetached_ratio" in defects else first > 0.1, defects


def test_what_each_switch_changes():
    runs = small(lab.SCENARIO, **lab.chosen(("single_update",)))
    assert runs["GRPO"].updates == runs["GRPO"].rollouts == 100
    runs = small(lab.SCENARIO, **lab.chosen(("whole_batch_filter",)))
    assert runs["DAPO"].algorithm.filter_on == "reward" and runs["GRPO"].rollouts == 100
    assert small(lab.SCENARIO, **lab.chosen(())) == SCENARIOS["lab-repaired"].runs()


def test_the_switches_choose_what_trains_and_the_table_keeps_it(open_app):
    app = open_app(page=contents.file(PAGE))
    for repair in ([], ["undetached_ratio"]):
        for name in repair:
            app.toggle(key=f"{PAGE}:{name}").set_value(True).run()
        app.button(key=f"{PAGE}:train").click().run()
        comparison = app.session_state[f"{PAGE}:miniature"]
        assert process.manager().wait(comparison, 60)
        app.run()
        assert not app.exception
        runs = process.manager().results(comparison)
        assert {r.config.algorithm.defects for r in runs.values()} == {tuple(d for d in LAB_DEFECTS if d not in repair)}
    table = next(m.value for m in app.markdown if m.value.startswith("| Side"))
    rows = [row for row in table.splitlines()[2:] if "as printed" not in row]
    assert len(rows) == 4
    assert rows[0].startswith("| GRPO | nothing | 0.0001 → 0.0000 |") and rows[2].startswith("| GRPO | detached |")


def test_every_bug_has_its_words_and_they_run_on_the_page(open_app):
    words = documents.load(PAGE, "en").words("wild")[1]
    assert {f"{n}{part}" for n in lab_bugs.BUGS for part in ("", ".is", ".so")} | {"choose", "run", "with", "without"} == set(
        words
    )
    app = open_app(page=contents.file(PAGE))
    for name in lab_bugs.BUGS:
        app.selectbox(key=f"{PAGE}:bug").set_value(name).run()
        assert any(c.value == lab_bugs.source(name).strip() for c in app.code)
        app.button(key=f"{PAGE}:run-bug").click().run()
        shown = "\n".join(m.value for m in app.markdown)
        bug, right = lab_bugs.run(name)
        assert not app.exception and f"**{bug}**" in shown and f"**{right}**" in shown


@pytest.mark.parametrize(
    ("name", "bug", "right"),
    [
        ("undetached", "0", "1"),  # d/dx exp(x - x) = 0; d/dx exp(x - 2) at x = 2 is 1
        ("one_update", "0", "0.5"),  # of four, r < 0.8 with A < 0 and r > 1.2 with A > 0
        ("whole_batch", "3", "1"),
        ("noise_as_signal", "1.19, −0.297, 0.297, −1.19", "0, 0, 0, 0"),
        ("shaped_filter", "0.864, −0.773, −0.955, 0.864", "no"),
        ("micro_batch_mean", "0.5", "0.1"),  # (1 + 0) ÷ 2, and 10 ÷ 100
        ("dead_groups_counted", "0.25", "1"),
        ("population_std", "1.73, −0.577, −0.577, −0.577", "1.5, −0.5, −0.5, −0.5"),  # 0.75 ÷ √(3/16), 0.75 ÷ √(1/4)
        ("wrong_groups", "3", "1"),
        ("clip_without_sign", "1", "0.5"),
        ("padded_length", "−1", "−0.2"),  # 20 of 20, and 2 of the ramp's 10
        ("endless_refill", "endless", "10"),
        ("aliased_log", "0.75", "1"),
        ("dapo_by_name", "loss_aggregation", "eps_high, loss_aggregation, dynamic_sampling, overlong"),
    ],
)
def test_what_a_bug_prints(name, bug, right):
    assert lab_bugs.run(name) == (bug, right)


def test_what_the_other_bugs_print():
    for name in ("one_pass_variance", "k1_as_loss", "temperature"):
        bug, right = (values.split(", ") for values in lab_bugs.run(name))
        zero, other = (bug, right) if name == "k1_as_loss" else (right, bug)
        assert set(zero) == ({"1"} if name == "temperature" else {"0"}) and not set(zero) & set(other)
