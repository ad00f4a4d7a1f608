"""The Ablation ladder in each of its states, without a browser."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from functools import partial

import pytest

from core.data.factorial import shipped_results
from core.data.ladder import SHIPPED_LADDER
from core.engine.trainer import train
from core.engine.types import TrainingDiverged
from core.ladder import ORDERS, ladder_runs, ladder_table
from core.ladder.factorial import factorial_table
from core.ladder.factorial.chart import effects_chart
from core.ladder.factorial.numbers import effects_markdown
from core.ladder.factorial.sentences import claim
from core.ladder.factorial.studies import STUDIES
from core.ladder.report import told_step
from core.ladder.rungs import SCENARIO
from core.settings.links import from_query
from core.settings.scenarios import SCENARIOS
from pages.shared.common import process
from pages.shared.ladder.controls import duration, seconds
from pages.shared.ladder.finished import finished_part
from pages.shared.ladder.numbers import _zip
from tests.pages.conftest import SMALL, Gate, comparison, finish, press, wait_for, words
from tests.support import trained_once

LADDER = SCENARIOS[SCENARIO]
TINY = {"ladder_seeds": "2", "ladder_updates": "16"}
PAGE = "pages/ladder.py"
FACTORIAL = ["Effects (CSV)", "Cells (CSV)", "Factorial (JSON)"]


@pytest.fixture
def open_ladder(open_app):
    return partial(open_app, page=PAGE)


def bars(app) -> dict[str, float]:
    """Words above each bar of the first chart -> its length."""
    figure = json.loads(app.get("plotly_chart")[0].proto.spec)["data"]
    texts = figure[-1]["text"]
    return {texts[trace["y"][0]]: trace["x"][0] for trace in figure if trace["type"] == "bar"}


def names(app) -> list[str]:
    return [text.split("  ")[0] for text in bars(app)]


def statuses(app) -> set[str]:
    return {run.status for run in process.manager().view(comparison(app)).runs.values()}


def test_the_finished_default_comes_first_labelled_with_its_command(open_ladder):
    app = open_ladder()
    assert not app.exception
    assert "finished example, computed earlier by this code" in words(app) and SHIPPED_LADDER.command in words(app)
    table = ladder_table("ours", LADDER, SHIPPED_LADDER.results)
    assert list(bars(app).values()) == [row.per["updates"].score.mean for row in table.rows]
    for row in table.rows[1:]:
        assert told_step(row.per["updates"].brings) in words(app)
    assert app.button(key="ladder:run").label.startswith("Run it yourself (11 runs × 16 seeds, about ")
    assert "arxiv.org/abs/2503.14476" in words(app) and "docs/algo/dapo.md" in words(app)
    assert len(app.get("plotly_chart")) == 4  # ours, two published, the factorial


def test_every_chart_has_a_text_alternative_with_its_numbers(open_ladder):
    ours, paper, verl, effects = (chart.proto.alt for chart in open_ladder().get("plotly_chart"))
    assert "GRPO: 0.5 [0.5, 0.5]" in ours and "Naive GRPO 30" in paper and "Dynamic sampling (DAPO) 52" in verl
    assert "Clip-Higher × Dynamic sampling" in effects


@pytest.mark.parametrize(
    ("order", "first", "last"), [("paper", "GRPO", "+ Dynamic sampling"), ("leave-one-out", "DAPO", "− Overlong shaping")]
)
def test_the_order_can_be_chosen(open_ladder, order, first, last):
    app = open_ladder()
    app.segmented_control(key="ladder_order").set_value(order).run()
    assert not app.exception
    assert (names(app)[0], names(app)[-1]) == (first, last)
    assert len(app.get("plotly_chart")) == 4


def test_per_sample_shows_other_numbers_and_says_at_how_many(open_ladder):
    app = open_ladder()
    before = bars(app)
    app.segmented_control(key="ladder_count").set_value("samples").run()
    assert list(bars(app).values()) != list(before.values())
    assert "at 15,360 samples per seed" in words(app) and "not samples" in words(app)


def test_only_what_is_shown_can_be_trained(open_ladder):
    app = open_ladder()
    app.radio(key="ladder:everything").set_value(False).run()
    assert "(5 runs × 16 seeds" in app.button(key="ladder:run").label
    app.segmented_control(key="ladder_order").set_value("paper").run()
    assert "(6 runs × 16 seeds" in app.button(key="ladder:run").label


def the_zip_holds_what_the_command_writes(app):
    finished = finished_part(None)
    assert list(finished.tables) == list(ORDERS)
    kept = app.session_state["ladder:finished"][1]
    with zipfile.ZipFile(io.BytesIO(_zip(kept))) as folder:
        assert sorted(folder.namelist()) == sorted(
            ["ladder.csv", "ladder.json", "ladder.md", "charts.html", "metrics.csv", "config.json"]
        )
        table = list(csv.DictReader(io.StringIO(folder.read("ladder.csv").decode())))
        told = [row for row in table if row["order"] == "ours"]
        assert [float(row["score_equal_updates"]) for row in told] == pytest.approx(list(bars(app).values()))
        metrics = list(csv.DictReader(io.StringIO(folder.read("metrics.csv").decode())))
    assert len(metrics) == 11 * 2 * (1 + 16)  # rungs, seeds, the score before training and updates


def test_a_run_of_ones_own_trains_to_the_end_and_is_told_and_can_be_taken_along(open_ladder):
    app = open_ladder(TINY, train=trained_once)
    assert app.button(key="ladder:run").label.startswith("Run it yourself (11 runs × 2 seeds")
    app = finish(press(app, "ladder:run"))
    assert not app.exception
    runs = process.manager().results(comparison(app))
    assert {label: r.config for label, r in runs.items()} == ladder_runs(LADDER, updates=16, replicas=2)
    assert len(bars(app)) == 5 and "Your own ladder" in words(app) and "seeds 0 to 1, 16 updates" in words(app)
    assert [button.label for button in app.get("download_button")] == [
        "Table (CSV)",
        "Table (JSON)",
        "Everything (zip)",
        *FACTORIAL,
    ]
    assert "comparison" not in app.session_state  # that one is Compare's
    the_zip_holds_what_the_command_writes(app)


def test_bars_appear_as_the_rungs_come_to_their_end(open_ladder):
    gate = Gate(16)
    app = press(open_ladder(TINY, gate=gate, max_active=1), "ladder:run")
    manager, found = process.manager(), comparison(app)
    wait_for(lambda: manager.view(found).runs["GRPO"].updates == 16)
    app = app.run()  # it has measured everything, but is not over
    assert "The bars appear here" in words(app) and len(app.get("plotly_chart")) == 3
    assert "queued, number" in words(app) and "running, 16 of 16 updates" in words(app)
    gate.open_for = 17  # runs that begin from now on are not held
    gate.go.set()
    assert manager.wait(found, 60)
    app = app.run()
    assert len(bars(app)) == 5 and not app.exception


def test_a_stopped_ladder_keeps_what_is_measured_and_says_so(open_ladder):
    gate = Gate(8)
    app = press(open_ladder(TINY, gate=gate), "ladder:run")
    found = comparison(app)
    wait_for(lambda: sum(run.updates >= 8 for run in process.manager().view(found).runs.values()) >= 2)
    app = press(app, "ladder:stop")
    gate.go.set()
    app = finish(app)
    assert not app.exception
    assert any("stopped after" in text for text in bars(app)) and "stopped, 8 of 16 updates" in words(app)
    assert app.button(key="ladder:run").label.startswith("Run it yourself")


def test_a_failed_rung_is_a_sentence_and_the_others_are_drawn(open_ladder):
    def diverging(config, **options):
        for record in train(config, **options):
            if record.update == 5 and config.algorithm.dynamic_sampling == "refill":
                raise TrainingDiverged(5, "grad_norm", [0])
            yield record

    app = finish(press(open_ladder(TINY, train=diverging), "ladder:run"))
    assert not app.exception
    told = words(app)
    assert "training diverged at update 5" in told and "Traceback" not in told
    assert any("failed after 4 updates" in text for text in bars(app)) and "GRPO" in names(app)


def test_no_room_is_said_and_nothing_is_started(open_ladder):
    app = press(open_ladder(TINY, max_per_owner=4), "ladder:run")
    assert not app.exception and "Not started" in words(app)
    assert "comparison" not in app.query_params
    assert len(bars(app)) == 5  # the finished default is still there


def test_a_stored_ladder_is_found_after_a_restart_and_on_coming_back_and_left_when_asked(open_ladder):
    app = finish(press(open_ladder(TINY, train=trained_once), "ladder:run"))
    found, before = comparison(app), bars(app)
    process.manager().shutdown()
    app = open_ladder({"comparison": found})
    assert not app.exception and bars(app) == before
    assert "Your own ladder" in words(app)
    app.switch_page("app.py").run()
    app.query_params.clear()
    app.switch_page(PAGE).run()
    assert comparison(app) == found and "Your own ladder" in words(app)
    app = press(app, "ladder:back")
    assert "comparison" not in app.query_params and "finished example" in words(app)


def test_a_ladder_that_compare_has_run_opens_here_too(open_ladder):
    app = open_ladder()
    runs = from_query({"scenario": "ladder", "replicas": "2", "updates": "16"}).runs
    found = process.manager().start(runs, owner="somebody", scenario="ladder")
    assert process.manager().wait(found, 60)
    app.query_params["comparison"] = found
    app.run()
    assert not app.exception and len(bars(app)) == 5


def test_the_factorial_says_whether_the_techniques_work_together(open_ladder):
    app = open_ladder()
    table = factorial_table(STUDIES["default"].scenario, shipped_results("default"))
    assert claim(table, "updates") in words(app) and effects_markdown(table) not in words(app)
    app.session_state["open:ladder_cells"] = True
    app.segmented_control(key="ladder_study").set_value("many-passes").run()
    app.segmented_control(key="ladder_count").set_value("samples").run()
    assert not app.exception
    table = factorial_table(STUDIES["many-passes"].scenario, shipped_results("many-passes"))
    assert claim(table, "samples") in words(app) and effects_markdown(table).strip() in words(app)
    assert app.get("plotly_chart")[-1].proto.alt == effects_chart(table, "samples").text


def test_what_is_no_ladder_or_not_known_is_said_and_the_default_shown(open_ladder):
    app = open_ladder({"comparison": "nobody-knows-this"})
    assert "not known here" in words(app) and "finished example" in words(app) and not app.exception
    other = process.manager().start(from_query(SMALL).runs, owner="somebody", scenario="collapse")
    app.query_params["comparison"] = other
    app.run()
    assert "not a ladder" in words(app) and "finished example" in words(app) and not app.exception
    process.manager().stop(other)


def test_each_step_links_to_compare(open_ladder):
    app = open_ladder()
    links = [link.proto for link in app.get("page_link") if link.proto.query_string]
    assert [link.label for link in links] == ["+ Clip-Higher", "+ Token-level loss", "+ Dynamic sampling", "+ Overlong shaping"]


def test_the_estimate_grows_with_seeds_updates_and_runs():
    default = ladder_runs(LADDER)
    whole = seconds(default, cores=1)
    assert whole == pytest.approx(sum(SHIPPED_LADDER.about["seconds"].values()))
    assert seconds(default, cores=2) == pytest.approx(whole / 2)
    assert seconds(ladder_runs(LADDER, updates=960), cores=1) == pytest.approx(2 * whole)
    assert seconds(ladder_runs(LADDER, replicas=32), cores=1) == pytest.approx(1.7 * whole)
    assert seconds(ladder_runs(LADDER, ("ours",)), cores=1) < whole
    assert [duration(s) for s in (0.2, 18, 99, 150)] == ["5 s", "20 s", "100 s", "2 min"]


@pytest.mark.parametrize("text", ["9" * 4301, "-1", "many", "inf", "1e999"])
def test_a_number_that_cannot_be_in_the_address_does_not_break_the_page(open_ladder, text):
    default = SCENARIOS[SCENARIO].run
    app = open_ladder({"ladder_seeds": text, "ladder_updates": text, "ladder_first_seed": text})
    assert not app.exception
    assert len([w for w in app.warning if "It was ignored" in w.value]) == 3
    app = app.number_input(key="ladder_seeds").set_value(3).run().run()
    assert not app.exception and app.number_input(key="ladder_seeds").value == 3
    found = {key: app.number_input(key=f"ladder_{key}").value for key in ("updates", "first_seed")}
    assert found == {"updates": default.updates, "first_seed": default.first_seed}
