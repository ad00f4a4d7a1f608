"""What is shipped: one format, which gives back what was written, made with the settings that the code has today."""

from dataclasses import replace

import numpy as np
import pytest

from core.analysis.export import run_id
from core.analysis.history import History
from core.analysis.result import RunResult, Status
from core.data import dataset
from core.data.__main__ import DATASETS, main
from core.data.dataset import Dataset, Kept, trained
from core.settings.algorithm import DAPO, GRPO
from tests.support import CHAIN, small_run


@pytest.mark.parametrize("name", DATASETS)
def test_every_file_was_made_with_the_present_settings(name):
    shipped = DATASETS[name]
    runs = shipped.runs(**shipped.about["counts"])
    assert shipped.about["runs"] == {label: run_id(label, run) for label, run in runs.items()}, f"run {shipped.command}"
    assert shipped.about["seconds"].keys() == runs.keys() == shipped.results.keys()
    assert shipped.path.stat().st_size < 500_000


def test_what_is_written_comes_back(tmp_path):
    runs = {"a / b": small_run(CHAIN, GRPO), "a": small_run(CHAIN, DAPO)}
    histories = {label: trained(config) for label, config in runs.items()}
    table = np.arange(6.0).reshape(2, 3)
    one = Dataset("some", runs=lambda: runs, record=lambda label, _: Kept(histories[label], {"t": table}), folder=tmp_path)
    one.write()
    back = replace(one)  # reads the file, not what the first one may hold
    assert list(back.results) == list(runs)
    for label, result in back.results.items():
        expected = histories[label]
        assert result.config == runs[label]
        np.testing.assert_array_equal(back.tables(label)["t"], table)
        for name in ("updates", "rollouts", "samples"):
            np.testing.assert_array_equal(getattr(result.history, name), getattr(expected, name))
        for ours, theirs in zip(result.history.after(-1), expected.after(-1), strict=True):
            assert ours.metrics.keys() == {n for n, values in theirs.metrics.items() if not np.isnan(values).all()}
            for name, values in ours.metrics.items():
                np.testing.assert_array_equal(values, theirs.metrics[name].astype(np.float32))
        for (u, ours), (v, theirs) in zip(result.history.distributions(), expected.distributions(), strict=True):
            assert u == v
            np.testing.assert_array_equal(ours.rank_probs, theirs.rank_probs)


def test_a_run_that_does_not_come_to_its_end_is_not_shipped(monkeypatch):
    config = small_run(CHAIN, GRPO)
    failed = RunResult(config, History(config.seeds), Status.FAILED, "training diverged at update 3")
    monkeypatch.setattr(dataset, "run_one", lambda config: failed)
    with pytest.raises(RuntimeError, match="failed: training diverged at update 3"):
        trained(config)


def test_the_command_makes_what_it_is_asked_for(tmp_path, monkeypatch, capsys):
    small = Dataset("small", lambda: {"x": small_run(CHAIN, GRPO)}, lambda _, config: Kept(trained(config)), folder=tmp_path)
    monkeypatch.setitem(DATASETS, "small", small)
    main(["small"])
    begun, done = capsys.readouterr().out.splitlines()
    assert begun == "small: training …" and done.startswith("small.npz: ")
    assert list(tmp_path.iterdir()) == [small.path]
