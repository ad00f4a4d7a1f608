"""The command `python -m core ladder`, and the ladder that is shipped."""

import csv
import json
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from core.__main__ import main
from core.analysis.export import run_id
from core.data.ladder import SHIPPED_LADDER
from core.engine.trainer import train
from core.ladder import ORDERS, ladder_runs, ladder_table
from core.ladder.numbers import table_csv
from tests.core.ladder.made import LADDER, all_trained, whole_runs


# The shipped ladder
def test_the_shipped_ladder_was_made_with_the_scenarios_present_settings_and_is_small():
    runs = ladder_runs(LADDER)
    assert SHIPPED_LADDER.about["runs"] == {label: run_id(label, run) for label, run in runs.items()}, (
        f"run {SHIPPED_LADDER.command}"
    )
    assert SHIPPED_LADDER.about["seconds"].keys() == runs.keys()
    assert SHIPPED_LADDER.path.stat().st_size < 500_000
    assert all(len(result.config.seeds) >= 16 for result in SHIPPED_LADDER.results.values())


def test_the_shipped_ladder_begins_as_the_code_computes_it_today():
    for label, result in SHIPPED_LADDER.results.items():
        untrained, first = islice(train(result.config), 2)
        assert result.history.updates[:2].tolist() == [0, 1]
        for name, row in (("eval_accuracy", 0), ("entropy_nats", 1), ("grad_norm", 1)):
            np.testing.assert_allclose(
                result.history.metric(name)[row],
                (untrained, first)[row].metrics[name],
                rtol=1e-3,
                atol=1e-4,
                err_msg=f"{label}: run {SHIPPED_LADDER.command}",
            )


def test_what_is_shipped_gives_the_numbers_of_the_whole_run(tmp_path, monkeypatch):
    counts = {"updates": 24, "replicas": 2}
    histories = all_trained(monkeypatch, "core.data.ladder.trained")
    small = replace(SHIPPED_LADDER, folder=tmp_path)
    small.write(**counts)
    whole = whole_runs(ladder_runs(LADDER, **counts), histories)
    for order in ORDERS:
        kept = ladder_table(order, LADDER, small.results)
        ours = ladder_table(order, LADDER, whole)
        assert kept.budget == ours.budget
        for a, b in zip(
            csv.DictReader(table_csv([kept]).splitlines()), csv.DictReader(table_csv([ours]).splitlines()), strict=True
        ):
            for name, value in a.items():
                assert value == b[name] or float(value) == pytest.approx(float(b[name]), rel=1e-5), name


# The command
@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ladder")
    assert (
        main(["ladder", "--order", "paper", "--seeds", "2", "--updates", "16", "--set", "task.noise=0.1", "--out", str(folder)])
        == 0
    )
    return folder


def test_the_command_writes_tables_sentences_charts_and_metrics(out):
    names = ["charts.html", "config.json", "ladder.csv", "ladder.json", "ladder.md", "metrics.csv"]
    assert sorted(path.name for path in out.iterdir()) == names
    told = json.loads((out / "ladder.json").read_text())
    assert told["seeds"] == [0, 1] and told["length"] == "16 updates" and list(told["orders"]) == ["paper"]
    assert [rung["rung"] for rung in told["orders"]["paper"]["rungs"]][-1] == "+ Dynamic sampling"
    assert told["published"][0]["rungs"][-1] == ["+ Dynamic sampling (DAPO)", "Dynamic sampling", 50]
    assert "arxiv.org/abs/2503.14476" in (out / "ladder.md").read_text()
    page = (out / "charts.html").read_text(encoding="utf-8")
    own = page[page.index("</script>") :]
    assert own.count("Plotly.newPlot(") == 4  # two counts, two published ladders
    ids = [part.split('"')[0] for part in own.split(' id="')[1:]]
    assert len(ids) == len(set(ids))
    config = json.loads((out / "config.json").read_text())["runs"]["GRPO + filtering"]
    assert config["task"]["noise"] == 0.1 and config["algorithm"]["overlong"] == "filter"


def test_the_table_can_be_recomputed_from_the_metrics(out):
    with open(out / "metrics.csv", encoding="utf-8", newline="") as file:
        metrics = list(csv.DictReader(file))
    with open(out / "ladder.csv", encoding="utf-8", newline="") as file:
        table = {row["algorithm"]: row for row in csv.DictReader(file)}
    for label, row in table.items():
        rows = [r for r in metrics if r["algorithm"] == label and r["grad_norm"] and int(r["update"]) > 16 * 0.9]
        assert float(row["grad_norm"]) == pytest.approx(np.mean([float(r["grad_norm"]) for r in rows]), rel=1e-6)
        made = [float(r["samples_generated"]) for r in metrics if r["algorithm"] == label and r["update"] == "16"]
        assert float(row["samples_generated"]) == np.mean(made)


def test_a_ladder_takes_a_budget_of_samples(tmp_path):
    options = ["--order", "paper", "--seeds", "2", "--budget", "samples=600", "--out", str(tmp_path)]
    assert main(["ladder", *options]) == 0
    told = json.loads((tmp_path / "ladder.json").read_text())
    assert told["length"] == "600 samples per seed"
    with open(tmp_path / "ladder.csv", encoding="utf-8", newline="") as file:
        assert min(float(row["samples_generated"]) for row in csv.DictReader(file)) >= 600


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--order", "mine"], "order must be one of"),
        (["--updates", "many"], "--updates must be a whole number"),
        (["--seeds", "0"], "replicas must be between 1 and"),
        (["--scenario", "laddr"], "did you mean ladder?"),
        (["--set", "task.nois=1"], "did you mean noise"),
    ],
)
def test_bad_input_is_refused_in_one_line_before_anything_is_written(options, message, tmp_path, capsys):
    assert main(["ladder", *options, "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not (tmp_path / "out").exists()
