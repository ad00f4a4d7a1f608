"""A run that diverges: it stops at the first number that is none, says where and of which seed, and keeps everything before."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest
import torch

import core.analysis.charts
import core.engine.update
from core.analysis.charts import all_charts
from core.analysis.export import comparison_files
from core.analysis.findings import findings
from core.analysis.summary import summarise
from core.engine.optim import ReplicaAdam
from core.runs.foreground import run_all, run_one
from core.runs.manager import RunManager
from core.runs.store.store import Store
from core.settings.algorithm import DAPO, GRPO
from tests.processes import PATIENCE
from tests.support import ARITHMETIC, BANDIT, CHAIN, small_run

AT = 4  # the update that cannot be made
WRONG = 1  # the seed


@pytest.fixture
def poisoned(monkeypatch):
    """The optimiser throws one seed's parameters far away, as a step that is much too long does. Runs of 1e-2 alone."""

    class Thrown(ReplicaAdam):
        def step(self, flat, gradient, *active):
            super().step(flat, gradient, *active)
            if self.steps == AT - 1 and float(self.learning_rate[0]) == pytest.approx(1e-2):
                flat[WRONG] = torch.inf

    monkeypatch.setattr(core.engine.update, "ReplicaAdam", Thrown)


@pytest.fixture
def drawn(monkeypatch):
    """The charts of the files that a test writes."""
    charts = []

    def watched(results):
        charts.extend(all_charts(results))
        return charts

    monkeypatch.setattr(core.analysis.charts, "all_charts", watched)
    return charts


def wild():
    return small_run(CHAIN, DAPO, learning_rate=1e-2, updates=8)


def calm():
    return small_run(CHAIN, GRPO, updates=8)


def test_it_ends_before_the_update_that_cannot_be_made_and_names_what_and_whose(poisoned):
    result = run_one(wild())
    assert result.status == "failed" and result.history.updates.tolist() == list(range(AT))
    assert f"training diverged at update {AT}: " in result.error and f"not finite for seed(s) {WRONG};" in result.error
    assert result.error.endswith("lower learning_rate or max_grad_norm") and "TrainingDiverged" in result.traceback
    assert np.isfinite(result.history.metric("eval_accuracy")[0]).all()
    assert all(np.isfinite(result.history.metric(name)[1:]).all() for name in ("loss", "grad_norm"))


def test_the_other_side_trains_on_and_the_history_keeps_both(poisoned, tmp_path):
    store = Store(tmp_path / "runs.sqlite")
    with RunManager(store, max_active=2, grace_seconds=None) as manager:
        comparison = manager.start({"wild": wild(), "calm": calm()}, owner="ann", scenario="tiny")
        assert manager.wait(comparison, PATIENCE)
    rows = {row.label: row for row in store.runs()}
    assert (rows["wild"].status, rows["wild"].updates) == ("failed", AT - 1)
    assert (rows["calm"].status, rows["calm"].updates, rows["calm"].error) == ("done", 8, "")
    assert "diverged at update" in rows["wild"].error and "Traceback" in rows["wild"].traceback
    assert store.load_history(rows["wild"].stored_id).updates.tolist() == list(range(AT))
    store.close()


@pytest.mark.parametrize("first", [True, False])
def test_files_charts_and_findings_of_a_comparison_in_which_one_side_diverged(poisoned, drawn, first):
    runs = {"wild": wild(), "calm": calm()}
    results = run_all(runs if first else dict(reversed(runs.items())))
    summary = summarise("collapse", results)
    told = findings(summary)
    assert any(s.startswith("**wild failed** after update 3: training diverged at update 4") for s in told)
    assert "Everything before that is kept." in " ".join(told)
    files = comparison_files("collapse", results, summary, "test")
    json.loads(files["summary.json"])
    rows = list(csv.DictReader(io.StringIO(files["metrics.csv"])))
    assert {(row["algorithm"], row["update"]) for row in rows if row["algorithm"] == "wild"} == {
        ("wild", str(u)) for u in range(AT)
    }
    assert sum(row["algorithm"] == "calm" for row in rows) == 9 * 3
    assert all(np.isfinite(float(row["loss"])) for row in rows if row["update"] != "0")
    assert drawn and all(chart.text and "nan" not in chart.text.lower().split() for chart in drawn)


def test_a_side_that_could_not_make_a_single_update_leaves_the_other_ones_files_whole(monkeypatch, drawn):
    with monkeypatch.context() as patch:
        patch.setattr(core.engine.update, "clip_by_global_norm", lambda gradient, norm: (gradient, torch.full((3,), torch.nan)))
        lost = run_one(wild())
    assert (
        lost.history.updates.tolist() == [0]
        and "training diverged at update 1: grad_norm is not finite for seed(s) 0, 1, 2" in lost.error
    )
    results = {"lost": lost, "calm": run_one(calm())}
    summary = summarise("collapse", results)
    assert findings(summary)[0].startswith("**lost failed** before its first update: training diverged")
    files = comparison_files("collapse", results, summary, "test")
    assert summary["algorithms"].keys() == {"calm"} and summary["status"]["lost"]["updates"] == 0
    rows = list(csv.DictReader(io.StringIO(files["metrics.csv"])))
    assert [row["update"] for row in rows if row["algorithm"] == "lost"] == ["0"] * 3  # the score before training
    assert drawn and all(chart.text and "nan" not in chart.text.lower().split() for chart in drawn)


@pytest.mark.parametrize("task", [CHAIN, BANDIT, ARITHMETIC], ids=["chain", "bandit", "arithmetic"])
def test_the_wildest_settings_that_are_allowed_give_large_numbers_and_never_false_ones(task):
    algorithm = replace(DAPO, kl_coef=10.0, kl_estimator="k3", entropy_coef=1.0, eps_high=10.0)
    result = run_one(small_run(task, algorithm, learning_rate=1.0, max_grad_norm=1e6, updates=16))
    assert result.status == "done" or "training diverged at update" in result.error
    assert result.history.trained > 10
    assert np.isfinite(result.history.metric("grad_norm")[1:]).all()
    files = comparison_files("collapse", {"wild": result}, summarise("collapse", {"wild": result}), "test")
    for row in csv.DictReader(io.StringIO(files["metrics.csv"])):
        assert all(
            row[name] == "" or np.isfinite(float(row[name])) for name in ("loss", "grad_norm", "entropy_nats", "ratio_max")
        )
