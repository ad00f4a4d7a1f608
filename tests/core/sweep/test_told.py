"""Maps drawn and told from made-up cells, whose numbers are known."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import numpy as np
import pytest

from core.sweep.boundary import boundary, collapses_at, holds_up_to
from core.sweep.charts import cell_charts, difference_chart, map_chart
from core.sweep.files import map_files
from core.sweep.map import SweepMap, measure_words
from core.sweep.measured import MEASURES, Measured, SeedCurves, diverged
from core.sweep.run import Progress
from core.sweep.sentences import findings
from tests.core.sweep.made import grid_of

RATES = "learning_rate=0.01,0.02,0.04,0.05,0.1"
SEEDS = 8


def made(grpo: list[int], dapo: list[int], score: float = 0.5, along: str = RATES) -> SweepMap:
    """How many of 8 seeds collapsed along x, in both rows; -1 = not measured, -2 = diverged."""
    grid, cells = grid_of(along, "algorithm.eps_high=0.2,0.28"), {}
    for label, line, plus in (("GRPO", grpo, 0.0), ("DAPO", dapo, 0.25)):
        for x, count in enumerate(line):
            for y in range(2):
                if count == -2:
                    cells[(x, y), label] = diverged(grid.seeds, 7, (2,))
                elif count >= 0:
                    cells[(x, y), label] = _measured(count, score + plus)
    return SweepMap(grid, cells)


def _measured(count: int, score: float) -> Measured:
    values = {name: np.full(SEEDS, 0.5) for name in MEASURES}
    values["collapsed"] = np.arange(SEEDS) < count
    values["eval_accuracy"] = score + np.linspace(-0.01, 0.01, SEEDS)
    curve = SeedCurves(np.array([1, 5]), np.tile([[0.1], [0.3]], SEEDS))
    return Measured(tuple(range(SEEDS)), 6, values, {"entropy_nats": curve})


def told(found: SweepMap) -> str:
    return " ".join(findings(found)).replace("**", "")


@pytest.mark.parametrize(
    ("grpo", "dapo", "sentence"),
    [
        ([0, 8, 8, 8, 8], [0, 0, 1, 3, 8], "DAPO holds at up to 2.5 times the learning rate at which GRPO collapses"),
        ([6, 8, 8, 8, 8], [0, 0, 1, 8, 8], "DAPO holds at 4 times the learning rate at which GRPO has collapsed, at ε_high 0.2: DAPO up"),
        ([0, 0, 0, 4, 8], [0, 8, 8, 8, 8], "DAPO collapses before GRPO, at ε_high 0.2: DAPO at learning rate 0.02, GRPO holds up to 0.04."),
        ([0, 0, 4, 8, 8], [0, 0, 5, 8, 8], "At ε_high 0.2 DAPO and GRPO collapse at the same learning rate, 0.04."),
        ([0, 0, 4, 8, 8], [0, 0, 0, 1, 3], "GRPO collapses at learning rate 0.04 (4 of 8 seeds); DAPO holds up to 0.1, the end of the map."),
        ([0, 0, 0, 0, 0], [0, 0, 4, 8, 8], "DAPO collapses at learning rate 0.04 (4 of 8 seeds); GRPO holds up to 0.1, the end of the map."),
        ([0, 0, 0, 0, 0], [3, 3, 3, 3, 3], "At ε_high 0.2 no side collapses over the whole range of learning rate, 0.01 to 0.1."),
        ([8, 8, 8, 8, 8], [8, 8, 8, 8, 8], "DAPO and GRPO have collapsed at 0.01 already"),
        ([0, 0, 8, 8, 8], [8, 8, 8, 8, 8], "At ε_high 0.2 DAPO has collapsed at 0.01 already, the lowest learning rate of the map."),
    ],
)  # fmt: skip
def test_who_collapses_first(grpo, dapo, sentence):
    assert sentence in told(made(grpo, dapo))


def test_a_side_that_has_collapsed_at_0_is_not_divided_by():
    text = told(made([8, 8, 8], [0, 1, 8], along="task.noise=0,0.1,0.3"))
    assert "DAPO holds where GRPO has collapsed, at ε_high 0.2: DAPO up to reward noise 0.1 (1 of 8 seeds collapsed)" in text
    assert "GRPO has collapsed at 0 already, the lowest of the map (8 of 8)." in text


def test_what_else_is_told():
    text = told(made([0, 8, 8, -2, -1], [0, 0, 8, 8, 8]))
    assert "With 8 seeds this is a first look; a claim needs 16." in text
    assert "GRPO collapses, in half or more of its seeds, in 6 of 8 cells." in text  # what diverged counts
    assert "GRPO diverged, to NaN or infinity, in 2 cells, first at learning rate 0.05, ε_high 0.2 (update 7)." in text
    assert "DAPO scores above GRPO in 6 of 6 cells and below it in 0" in text
    assert (
        "For DAPO the ε_high does not move the boundary: it holds up to learning rate 0.02 at ε_high 0.2 and at ε_high 0.28 alike."
        in text
    )
    assert findings(SweepMap(grid_of(), {})) == ["Nothing has been measured yet."]


def test_how_the_boundary_moves_is_told_from_all_rows():
    grid = grid_of(RATES, "algorithm.eps_high=0.1,0.2,0.3")

    def held_to(*ends: int) -> str:
        cells = {
            ((x, y), label): _measured(8 if x > end else 0, 0.5)
            for y, end in enumerate(ends)
            for x in range(5)
            for label in grid.runs
        }
        return told(SweepMap(grid, cells))

    assert "For GRPO the ε_high does not move the boundary: it holds up to learning rate 0.02" in held_to(1, 1, 1)
    assert "GRPO holds up to learning rate 0.02 at ε_high 0.1 and 0.04 at ε_high 0.3." in held_to(1, 1, 2)
    assert "GRPO holds up to learning rate 0.02 to 0.05, depending on the ε_high, with no trend" in held_to(1, 3, 1)


def test_the_boundary_runs_between_the_living_and_the_dead():
    nan = np.nan
    xs, ys = boundary(np.array([[0.0, 0.49, 0.5], [0.0, 1.0, nan]]))
    edges = {tuple(zip(xs[i : i + 2], ys[i : i + 2], strict=True)) for i in range(0, len(xs), 3)}
    assert edges == {((1.5, -0.5), (1.5, 0.5)), ((0.5, 0.5), (0.5, 1.5)), ((0.5, 0.5), (1.5, 0.5))}
    assert holds_up_to(np.array([0.0, nan, 0.4, 0.6, 0.0])) == 2 and holds_up_to(np.array([0.5, 0.0])) is None
    assert collapses_at(np.array([nan, 0.0, 0.5])) == 2 and collapses_at(np.array([0.0, nan])) is None


def test_a_map_is_drawn_with_boundary_mark_crosses_intervals_and_a_marker_to_click_in_every_cell():
    found = made([0, 8, 8, -2, -1], [0, 0, 8, 8, 8])
    chart = map_chart(found, "GRPO", "collapsed")
    traces = chart.figure.data
    assert traces[0].type == "heatmap" and traces[0].z[0][1] == 1.0 and np.isnan(traces[0].z[0][4])
    symbols = [trace.marker.symbol for trace in traces if trace.type == "scatter" and trace.mode == "markers"]
    assert symbols == ["x", "square"]  # its own learning rate, 0.001, lies outside of this map: no star
    clickable = traces[-1]
    assert len(clickable.x) == 10 and [list(cell) for cell in clickable.customdata][:2] == [[0, 0], [1, 0]]
    assert "share of seeds that collapsed: 1 [0.676, 1]<br>score at the end: 0.5 [" in clickable.text[1]
    assert "diverged at update 7" in clickable.text[3] and "not measured yet" in clickable.text[4]
    assert "half or more of the seeds collapsed in 6 of 8 cells" in chart.text
    paired = difference_chart(found, "DAPO", "GRPO", "eval_accuracy")
    assert paired.figure.data[0].z[0][0] == pytest.approx(0.25) and "DAPO minus GRPO" in paired.text
    curves = cell_charts(found, (0, 0))
    assert [curve.figure is None for curve in curves] == [True, True, False] and "GRPO goes from 0.1 to 0.3" in curves[2].text
    assert measure_words("kl_base") == "kl_base at the end"


def test_its_files_can_be_read_by_others():
    files = map_files(made([0, 8, 8, -2, -1], [0, 0, 8, 8, 8]), "collapsed", Progress(18, 20), "the command")
    assert files["map.csv"].splitlines()[0] == "learning_rate,algorithm.eps_high,side,seeds,diverged_update,measure,mean,low,high"
    assert "0.05,0.2,GRPO,8,7,,,," in files["map.csv"]
    found = json.loads(files["map.json"])
    assert found["axes"][0] == {"setting": "learning_rate", "values": ["0.01", "0.02", "0.04", "0.05", "0.1"]}
    assert "18 of 20 cells and sides" in files["map.md"] and "Made by `the command`" in files["map.md"]
    HTMLParser().feed(files["map.html"])
    assert files["map.html"].count("<figure") == 3
