"""What is laid beside a log, and the link that shows it to somebody else."""

from __future__ import annotations

from core.analysis.result import Status
from core.engine.trainer import train
from core.settings.links import from_query
from pages.shared.common import process
from tests.pages.conftest import Gate, wait_for, words
from tests.pages.your_run.conftest import ANN, BOB, drop, log_of, payload, rows


def test_the_labs_own_runs_and_other_logs_are_laid_beside_it(open_page):
    app = drop(open_page(), ("first.jsonl", rows(1, 20)))
    first = log_of(app)
    app = drop(app, ("second.jsonl", rows()))
    app.multiselect[0].set_value(["shipped:DAPO", f"log:{first}"]).run()
    shown = payload(app)
    assert list(shown["points"]) == ["second.jsonl", "shipped example · DAPO", "first.jsonl"]
    assert shown["sides"][1]["label"] == "shipped example · DAPO" and not app.exception and not app.warning
    assert [side["color"] for side in shown["sides"]] == ["#009E73", "#0072B2", "#B0568A"]  # the Lab's DAPO as everywhere
    app.segmented_control[0].set_value("share").run()
    assert payload(app)["settings"]["xaxis"] == "share"


def test_a_run_of_the_visitors_own_is_laid_beside_it(open_page):
    config = from_query({"scenario": "collapse", "replicas": "2", "updates": "8"}).runs["DAPO"]
    app = drop(open_page(), ("first.jsonl", rows(1, 20)))
    store = process.store()
    comparison = store.add_comparison(owner=ANN, scenario="collapse", name="mine")
    stored_id = store.add_run(comparison, "DAPO", config)
    for record in train(config):
        store.append(stored_id, record)
    store.set_status(stored_id, Status.DONE)
    assert store.flush()
    app = app.run()
    app.multiselect[0].set_value([f"run:{comparison}:DAPO"]).run()
    assert list(payload(app)["points"]) == ["first.jsonl", "mine · DAPO"] and not app.exception and not app.warning


def test_a_run_of_the_lab_that_goes_on_grows_beside_a_log(open_page):
    gate = Gate(4)
    app = drop(open_page(gate=gate), ("first.jsonl", rows(1, 20)))
    runs = from_query({"scenario": "collapse", "replicas": "2", "updates": "8"}).runs
    comparison = process.manager().start(runs, owner=ANN, scenario="collapse")
    updates = lambda: [run.updates for run in process.manager().view(comparison).runs.values()]  # noqa: E731
    wait_for(lambda: updates() == [4, 4])
    process.store().flush()
    app = app.run()
    app.multiselect[0].set_value([f"run:{comparison}:DAPO"]).run()
    shown = payload(app)
    label = list(shown["points"])[1]
    assert label.endswith(" · DAPO") and shown["points"][label]["update"] == [0, 4]
    assert shown["badge"] == {"state": "live", "text": "a run beside it goes on"}
    gate.go.set()
    assert process.manager().wait(comparison, 60)
    process.store().flush()
    shown = payload(app.run())
    assert shown["points"][label]["update"] == [0, 8] and shown["badge"] is None and not app.exception


def test_no_more_lines_are_drawn_than_can_be_told_apart(open_page):
    app = drop(open_page(), *((f"{name}.jsonl", rows(1, 12 + place)) for place, name in enumerate("abcdefgh")))
    app.multiselect[1].set_value(["shipped:DAPO", "shipped:GRPO"]).run()
    shown = payload(app)
    assert list(shown["points"])[-1] == "shipped example · DAPO" and len(shown["points"]) == 7
    assert "Only 7 lines can be told apart" in words(app) and not app.exception


def values(app, name: str) -> list[str]:
    found = app.query_params.get(name, [])
    return [found] if isinstance(found, str) else list(found)


def test_the_address_shows_the_same_view_to_somebody_else(open_page):
    app = drop(open_page(), ("first.jsonl", rows(1, 20)))
    first = log_of(app)
    app = drop(app, ("<b>second</b>.jsonl", rows()))
    app.multiselect[0].set_value([f"log:{first}", "shipped:DAPO"]).run()
    app.segmented_control[0].set_value("update").run()
    app.multiselect[1].set_value(["mine"]).run()
    mine = payload(app)
    assert values(app, "beside") == [f"log:{first}", "shipped:DAPO"] and values(app, "column") == ["mine"]
    assert values(app, "x") == ["update"] and mine["settings"]["xaxis"] == "update"  # beside the Lab's, shares come first
    address = {name: values(app, name) for name in app.query_params}
    other = payload(opened := open_page(BOB, address, fresh=False))
    assert other["points"] == mine["points"] and other["settings"] == mine["settings"]
    assert [chart["title"] for chart in other["charts"]] == [chart["title"] for chart in mine["charts"]]
    assert list(mine["points"]) == ["‹b›second‹/b›.jsonl", "first.jsonl", "shipped example · DAPO"]
    assert not opened.exception and not opened.warning
    app.multiselect[0].set_value([]).run()
    assert "beside" not in app.query_params


def test_a_link_to_what_is_gone_shows_the_rest_and_says_so(open_page):
    app = drop(open_page(), ("first.jsonl", rows()))
    address = {"log": log_of(app), "beside": ["log:gone", "run:gone:DAPO", "x"], "column": ["none"], "x": "sideways"}
    other = open_page(BOB, address, fresh=False)
    assert list(payload(other)["points"]) == ["first.jsonl"] and not other.exception
    assert "Not all that this link shows is known here" in open_page(BOB, address, fresh=False).warning[0].value
