"""What a visitor sees when something is broken: a sentence in place of a trace, and a page that goes on working."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest
import torch

import core.engine.update
from core.analysis.result import Status
from core.engine.optim import ReplicaAdam
from core.engine.trainer import train
from core.ladder import ORDERS, ladder_runs
from core.ladder.rungs import SCENARIO
from core.runs import reaper
from core.runs.store import schema, writer
from core.runs.store.store import Store, StoreError
from core.settings.links import from_query
from core.settings.scenarios import SCENARIOS
from pages.shared.common import process
from tests.core.faults.test_random_links import links, named
from tests.pages.conftest import SMALL, comparison, finish, press, read, wait_for, words
from tests.processes import locked
from tests.support import small_disk

NOT_KEPT = "What is trained now is not being kept"


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(schema, "BUSY_SECONDS", 0.05)
    monkeypatch.setattr(writer, "RETRY_SECONDS", 0.02)
    monkeypatch.setattr(reaper, "HEARTBEAT_SECONDS", 0.05)


def stored(path, label: str = "GRPO") -> str:
    """A finished comparison of nobody's in the history at `path`."""
    store = Store(path)
    made = store.add_comparison(owner="nobody", scenario="collapse")
    config = replace(from_query(SMALL).runs["GRPO"], updates=4)
    stored_id = store.add_run(made, label, config, status=Status.RUNNING)
    for record in train(config):
        store.append(stored_id, record)
    store.set_status(stored_id, Status.DONE)
    store.close()
    return made


def cut_off(path):
    stored(path)
    path.write_bytes(path.read_bytes()[:9000])


def newer(path):
    Store(path).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA user_version = 99")


UNUSABLE = {
    "cut off": (cut_off, "is damaged", "move the file away to start a new history, or restore a copy"),
    "of a newer version": (newer, "was written by a newer version (format 99", "update this program or choose another path"),
    "a folder": (lambda path: path.mkdir(), "cannot be used", "see that the file can be read and written"),
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_a_history_that_cannot_be_used_is_told_with_the_remedy_and_every_page_opens(open_app, tmp_path, kind):
    spoil, what, remedy = UNUSABLE[kind]
    spoil(tmp_path / process.DATABASE)
    app = open_app(SMALL)
    assert NOT_KEPT in words(app) and what in words(app) and remedy in words(app) and not app.exception
    for page in ("pages/runs.py", "pages/ladder.py", "pages/inspect_step.py"):
        app.switch_page(page).run()
        assert not app.exception, page
        assert page == "pages/inspect_step.py" or what in words(app)


def test_with_a_locked_history_one_trains_as_ever_and_the_next_visitor_finds_it_all(open_app, tmp_path):
    Store(tmp_path / process.DATABASE).close()
    with locked(tmp_path / process.DATABASE):
        app = open_app(SMALL)
        assert NOT_KEPT in words(app) and "is locked by another program; end that program, or try again" in words(app)
        app = finish(press(app, "run"))
        assert "Findings" in [s.value for s in app.header] and not app.exception
    wait_for(lambda: process.history_missing() == "" and len(process.store().runs()) == 2)
    process.store().flush()
    assert {row.updates for row in process.store().runs()} == {16}
    assert NOT_KEPT not in words(app.run())
    next_one = open_app({"comparison": comparison(app)}, fresh=False)
    assert "Findings" in [s.value for s in next_one.header] and NOT_KEPT not in words(next_one) and not next_one.exception


def test_without_a_history_the_runs_in_memory_are_listed_and_can_be_opened(open_app, tmp_path):
    newer(tmp_path / process.DATABASE)
    app = finish(press(open_app(SMALL), "run"))
    made = comparison(app)
    app.switch_page("pages/runs.py").run()
    assert "The history cannot be shown" in words(app) and not app.exception
    title = SCENARIOS["collapse"].title
    assert f"{title}: GRPO finished, 16 of 16 updates; DAPO finished, 16 of 16 updates" in words(app)
    assert [link.proto.query_string for link in app.get("page_link") if link.proto.query_string] == [f"comparison={made}"]
    stranger = open_app(page="pages/runs.py", fresh=False, cookie="b" * 32)
    assert "16 of 16 updates" not in words(stranger) and not stranger.exception


def test_a_shared_server_does_not_tell_where_its_files_are(open_app, tmp_path, monkeypatch):
    monkeypatch.setenv("DAPO_LAB_HOSTED", "1")
    newer(tmp_path / process.DATABASE)
    app = open_app()
    assert "history of this server: was written by a newer version" in words(app) and str(tmp_path) not in words(app)
    for page in ("pages/ladder.py", "pages/inspect_step.py", "pages/runs.py"):
        other = open_app({"comparison": "nobody"}, page=page, fresh=False)
        assert str(tmp_path) not in words(other) and not other.exception, page


def test_a_disk_that_fills_up_during_a_run_is_told_while_the_run_goes_on(open_app, monkeypatch):
    pages = small_disk(monkeypatch, 16)
    app = finish(press(open_app(SMALL | {"updates": "80"}), "run"))
    wait_for(lambda: process.history_problem())
    told = words(app.run())
    assert "New measurements are not being stored" in told and "database or disk is full" in told
    assert "updates are kept in memory until then" in told
    assert "Findings" in [s.value for s in app.header] and not app.exception
    app.switch_page("pages/runs.py").run()
    assert "database or disk is full" in words(app) and not app.exception
    pages.clear()
    assert process.store().flush(30)
    assert {row.updates for row in process.store().runs()} == {80}
    assert "not being stored" not in words(app.run())


def test_a_history_that_breaks_while_one_looks_at_it_is_a_sentence_on_every_page(open_app, tmp_path, monkeypatch):
    made = stored(tmp_path / process.DATABASE)
    app = open_app({"comparison": made})
    assert "Findings" in [s.value for s in app.header]

    def broken(**wanted):
        raise StoreError(process.store().path, "is damaged (<b>x</b>)", "restore a copy")

    monkeypatch.setattr(process.store(), "runs", broken)
    assert "cannot be read" in words(app.run()) and "is damaged (<b>x</b>); restore a copy" in words(app)
    assert "finished example" in words(app) and not app.exception
    for page in ("pages/ladder.py", "pages/inspect_step.py", "pages/runs.py"):
        other = open_app({"comparison": made}, page=page, fresh=False)
        assert "is damaged (<b>x</b>); restore a copy" in words(other) and not other.exception, page


def test_a_run_of_which_the_measurements_are_damaged_can_be_run_again(open_app, tmp_path):
    made = stored(tmp_path / process.DATABASE)
    with closing(sqlite3.connect(tmp_path / process.DATABASE)) as connection, connection:
        connection.execute("UPDATE steps SET metrics = x'00' WHERE number = 2")
        connection.execute("UPDATE comparisons SET owner = ?", ("a" * 32,))
    app = open_app({"comparison": made}, cookie="a" * 32)
    assert "cannot be read" in words(app) and "is damaged" in words(app) and not app.exception
    app.switch_page("pages/runs.py").run()
    app.session_state["runs:selected"] = [row.stored_id for row in process.store().runs()]
    assert "cannot be read" in words(app.run()) and not app.exception
    app = press(app, f"runs:again:{made}")
    assert app.title[0].value == "Watch GRPO collapse and DAPO hold" and not app.exception
    assert process.manager().wait(comparison(app), 60)
    assert {run.status for run in process.manager().view(comparison(app)).runs.values()} == {"done"}


def test_a_start_that_the_history_stands_in_the_way_of_is_refused_in_a_sentence(open_app, monkeypatch):
    app = open_app(SMALL)

    def broken(*runs, **options):
        raise StoreError(process.store().path, "is locked by another program", "end that program, or try again")

    monkeypatch.setattr(process.manager(), "start", broken)
    app = press(app, "run")
    assert "Not started: history" in words(app) and "is locked by another program" in words(app) and not app.exception


def test_a_run_that_another_program_trains_is_shown_and_its_buttons_say_why_they_cannot(open_app, tmp_path):
    other = Store(tmp_path / process.DATABASE)
    made = other.add_comparison(owner="nobody", scenario="collapse")
    other.add_run(made, "GRPO", from_query(SMALL).runs["GRPO"], status=Status.RUNNING)
    other.flush()
    app = press(open_app({"comparison": made}), "pause")
    assert "another program trains this" in words(app) and not app.exception
    other.close()


def test_a_side_that_raises_is_told_as_it_said_it_and_the_other_one_goes_on(open_app):
    def raising(config, **options):
        for record in train(config, **options):
            if config.algorithm.dynamic_sampling != "off" and record.update == 5:
                raise ValueError("<script>alert(1)</script> [x](javascript:alert(1)) $x^2$")
            yield record

    app = finish(press(open_app(SMALL, train=raising), "run"))
    view = process.manager().view(comparison(app)).runs
    assert {label: (run.status, run.updates) for label, run in view.items()} == {"GRPO": ("done", 16), "DAPO": ("failed", 4)}
    assert "DAPO**, after 4 updates: <script>alert(1)</script> [x](javascript:alert(1)) $x^2$" in words(app)
    markdown = " ".join(e.value for e in (*app.markdown, *app.error))
    assert "[x](javascript" not in markdown and "$x^2$" not in markdown and "<script>" not in markdown.replace("\\<", "")
    assert "Traceback" not in words(app) and not app.exception
    assert "Traceback" in view["DAPO"].traceback  # it is kept for whoever hosts this


def test_a_run_that_diverges_is_told_with_the_update_the_seed_and_the_remedy(open_app, monkeypatch):
    class Thrown(ReplicaAdam):
        def step(self, flat, gradient, *active):
            super().step(flat, gradient, *active)
            if self.steps == 6:
                flat[1] = torch.inf

    monkeypatch.setattr(core.engine.update, "ReplicaAdam", Thrown)
    app = finish(press(open_app(SMALL), "run"))
    told = words(app)
    assert "after 6 updates: training diverged at update 7" in told and "for seed(s) 1; lower learning_rate" in told
    assert "Findings" in [s.value for s in app.header] and "Everything before that is kept." in told
    assert not app.exception


# Links


def show_links(app, count: int, seed: int) -> None:
    for params in links(count, seed):
        params.pop("run", None)
        app.query_params.clear()
        for name, value in params.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception, params
        problems = from_query(params).problems
        told = " ".join(words(app).split())
        assert all(" ".join(problem.split()) in told for problem in problems), params


def test_random_links_open_the_page_and_everything_ignored_is_named(open_app):
    show_links(open_app(), 12, seed=5)


@pytest.mark.thorough
def test_many_more_random_links(open_app):
    show_links(open_app(), 120, seed=6)


def test_a_link_of_a_hundred_parameters_names_them_all_in_a_few_notices(open_app):
    app = open_app({f"junk{n}": "1" for n in range(100)})
    assert len(app.warning) == 9 and not app.exception
    assert all(named((read(" ".join(w.value for w in app.warning)),), f"junk{n}") for n in range(100))


# A ladder


def test_a_ladder_of_eleven_runs_is_shown_on_compare_without_a_complaint(open_app):
    open_app()
    scenario = SCENARIOS[SCENARIO]
    runs = ladder_runs(scenario, tuple(ORDERS), updates=8, replicas=2)
    assert len(runs) > 5
    made = process.manager().start(runs, owner="nobody", scenario=scenario.name)
    assert process.manager().wait(made, 120)
    app = open_app({"comparison": made}, fresh=False)
    told = words(app)
    assert not app.exception and not app.error and "Sides must be" not in told
    assert f"The sidebar cannot hold the settings of these {len(runs)} runs, so it shows those of the scenario." in told
    assert all(label in told for label in runs) and "Findings" in [s.value for s in app.header]
    assert not app.button(key="run").disabled and app.button(key="run").label.startswith("Run: ")
    assert app.selectbox(key="scenario").value == scenario.name
    told_once = app.query_params
    told_once.clear()
    told_once["scenario"] = "collapse"
    assert "The sidebar cannot hold" not in words(app.run())
