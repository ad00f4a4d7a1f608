"""The shipped pictures of the scenarios."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.analysis.history import History
from core.data import gallery
from core.engine.types import StepRecord
from core.settings.scenarios import SCENARIOS


def test_every_scenario_has_a_picture_that_was_made_with_its_present_settings():
    assert gallery.out_of_date() == [], "run `python -m core.data.gallery`"
    for name, scenario in SCENARIOS.items():
        shipped = gallery.picture(name)
        assert list(shipped.lines) == list(scenario.algorithms)
        for line in shipped.lines.values():
            xs, ys = np.array(line).T
            assert 2 <= len(line) <= gallery.MOST_POINTS and (np.diff(xs) > 0).all() and np.isfinite(ys).all()
    assert set(gallery.PICTURED) <= set(SCENARIOS)
    assert gallery.PATH.stat().st_size < 100_000


def test_points_are_means_of_neighbours_over_seeds():
    history = History((0, 1))
    for update in range(121):
        metrics = {"eval_accuracy": np.array([update, update + 2.0])} if update % 2 == 0 else {}
        history.append(StepRecord(update, 1, np.array([10 * update, 20 * update]), 0.0, metrics))
    found = gallery.points(history, "eval_accuracy", "update")
    assert len(found) == 60 and found[0] == [1.0, 2.0]  # updates 0 and 2, of which the means over seeds are 1 and 3
    assert found[-1] == [120.0, 121.0]
    assert gallery.points(history, "eval_accuracy", "samples")[-1] == [1800.0, 121.0]


def test_a_picture_of_other_settings_is_not_shown(tmp_path, monkeypatch):
    monkeypatch.setattr(gallery, "PATH", tmp_path / "gallery.json")
    gallery._shipped.cache_clear()
    try:
        assert gallery.picture("lab") is None
        gallery.PATH.write_text(
            json.dumps({"lab": {"metric": "grad_norm", "axis": "update", "runs": {"GRPO": "x"}, "lines": {}}})
        )
        gallery._shipped.cache_clear()
        assert gallery.picture("lab") is None and "lab" in gallery.out_of_date()
    finally:
        gallery._shipped.cache_clear()


def test_the_command_makes_what_it_is_asked_for(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(gallery, "PATH", tmp_path / "gallery.json")
    gallery._shipped.cache_clear()
    try:
        gallery.main(["lab"])
        assert capsys.readouterr().out == "lab\n"
        assert list(json.loads(gallery.PATH.read_text())) == ["lab"]
        assert list(gallery.picture("lab").lines) == ["GRPO", "DAPO"] and gallery.picture("lab").metric == "grad_norm"
    finally:
        gallery._shipped.cache_clear()


def test_an_unknown_scenario_is_named():
    with pytest.raises(Exception, match="scenario must be a known name"):
        gallery.main(["labb"])
