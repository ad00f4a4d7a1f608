"""The page Your run in each of its states, without a browser."""

from __future__ import annotations

import json

import pytest

from core.analysis.result import Status
from core.engine.trainer import train
from core.settings.limits import HOSTED
from core.settings.links import from_query
from pages.shared.common import process
from tests.pages.conftest import ROOT, Gate, press, read, wait_for, words

ANN, BOB = "a" * 32, "b" * 32
ROWS = 40


def rows(first: int = 1, last: int = ROWS, **more) -> str:
    return "".join(
        json.dumps(
            {
                "step": i,
                "loss": 0.1,
                "reward": i / last,
                "entropy": 1 / i,
                "completions/mean_length": 20.0 + i,
                "mine": i * i,
                **more,
            }
        )
        + "\n"
        for i in range(first, last + 1)
    )


@pytest.fixture
def open_page(open_app):
    def opener(visitor: str = ANN, params=None, **options):
        app = open_app(cookie=visitor, **options).switch_page("pages/your_run.py")
        for key, value in (params or {}).items():
            app.query_params[key] = value
        return app.run()

    return opener


def drop(app, *files: tuple[str, str | bytes]):
    for name, text in files:
        app.file_uploader[0].upload(name, text.encode() if isinstance(text, str) else text, "text/plain")
    return app.run()


def paste(app, text: str):
    app.text_area[0].set_value(text)
    return app.button[[b.label for b in app.button].index("Read the text")].click().run()


def payload(app) -> dict:
    """Everything that the board shows, not only what is new."""
    app.run()  # a diagnosis that is due has the page drawn twice
    if "your_run:board:sender" in app.session_state:
        del app.session_state["your_run:board:sender"]
    app.run()
    (shown,) = boards(app)
    return json.loads(shown.proto.bytes)


def boards(app) -> list:
    return [part for part in app.get("bidi_component") if "live_board" in part.proto.component_name]


def change(app, column: str, metric: str):
    """Say that a column stands for a metric."""
    app.selectbox(key="your_run:change:column").set_value(column).run()
    app.selectbox(key=f"your_run:change:metric:{column}").set_value(metric).run()
    return press(app, "your_run:change")


def charts(app) -> list[str]:
    return [chart["name"] for chart in payload(app)["charts"]]


def log_of(app) -> str:
    found = app.query_params["log"]
    return found if isinstance(found, str) else found[0]


def test_empty_it_says_what_to_do_and_what_can_be_read(open_page):
    app = open_page()
    assert "Drop the log of your own GRPO, DAPO or PPO training here" in words(app)
    assert "trainer_state.json" in words(app) and "Up to 200 MB" in words(app)
    assert f"PYTHONPATH={ROOT} YOUR_COMMAND" in words(app)
    assert not app.exception and not boards(app)


def test_a_dropped_file_is_drawn_kept_and_shared(open_page):
    app = drop(open_page(), ("run.jsonl", rows()))
    assert not app.exception and not app.error
    shown = payload(app)
    names = [chart["name"] for chart in shown["charts"]]
    assert names[:2] == ["entropy_nats", "reward_mean"] and "completion_tokens_mean" in names
    (points,) = shown["points"].values()
    assert points["metrics"]["reward_mean"]["mean"][:2] == [0.025, 0.05] and points["update"] == [1, ROWS]
    (kept,) = process.store().logs.list(ANN)
    assert kept.id == log_of(app) and kept.name == "run.jsonl"
    other = open_page(BOB, {"log": kept.id}, fresh=False)
    assert not other.exception and payload(other)["points"] == shown["points"]
    assert "your_run:delete" not in [b.key for b in other.button] and "by its link" in words(other)
    assert "with your other runs" in words(app) and "with your other runs" not in words(other)


def test_logs_that_were_read_before_are_a_click_away(open_page):
    app = drop(open_page(), ("a_*b*.jsonl", rows()))
    again = open_page(ANN, fresh=False)
    (link,) = (link.proto for link in again.get("page_link") if link.proto.icon == ":material/history:")
    assert read(link.label) == "a_*b*.jsonl" and log_of(app) in link.query_string and not again.exception
    assert not any(link.proto.icon == ":material/history:" for link in open_page(BOB, fresh=False).get("page_link"))


def test_pasted_text_is_read(open_page):
    app = paste(
        open_page(),
        "".join(f"step:{i} - actor/entropy:{1 / i} - critic/score/mean:0.5 - actor/grad_norm:0.1\n" for i in range(1, 30)),
    )
    assert not app.exception and [c["name"] for c in payload(app)["charts"]] == [
        "entropy_nats",
        "grad_norm",
        "reward_trained_mean",
    ]
    assert "One step is one rollout" in words(app)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("".join(json.dumps({"step": i, "loss": 1 / i}) + "\n" for i in range(1, 30)), "this is no reinforcement learning"),
        ("hello", "no format of a training log was recognised"),
        (b"\x00\xff" * 100, "no format of a training log was recognised"),
        ("", "the file is empty"),
        ("[" * 100_000, "it is nested too deeply"),
    ],
)
def test_what_is_no_log_costs_a_sentence_and_nothing_is_kept(open_page, content, sentence):
    app = drop(open_page(), ("<script>alert(1)</script>", content))
    assert not app.exception and not boards(app)
    told = " ".join(error.value for error in app.error)
    assert sentence in told and "<script>" not in told
    assert process.store().logs.list(ANN) == []


def test_a_pasted_text_that_cannot_be_read_stays_in_its_field(open_page):
    app = paste(open_page(), "hello")
    assert "no format of a training log was recognised" in app.error[0].value and app.text_area[0].value == "hello"
    app = paste(app, " ")
    assert "There is no text in the field" in app.error[0].value
    app = paste(app, rows())
    assert not app.error and app.text_area[0].value == "" and boards(app)


def test_a_path_is_refused_where_strangers_share_the_server(open_page, tmp_path):
    app = open_page(limits=HOSTED)
    assert [tab.label for tab in app.tabs] == [":material/upload_file: Drop files", ":material/content_paste: Paste text"]
    assert "Up to 20 MB" in words(app) and str(ROOT) not in words(app) and not app.exception


def test_a_path_is_followed_and_kept_when_asked(open_page, tmp_path):
    path = tmp_path / "run.jsonl"
    path.write_text(rows(1, 5))
    app = open_page()
    app.text_input(key="your_run:path").set_value(str(path))
    app = app.button[[b.label for b in app.button].index("Watch")].click().run()
    (points,) = payload(app)["points"].values()
    assert points["update"] == [1, 5] and payload(app)["badge"]["state"] == "live"
    assert process.store().logs.list(ANN) == []
    app = press(app, "your_run:keep")
    assert [log.name for log in process.store().logs.list(ANN)] == ["run.jsonl"] and payload(app)["badge"] is None


def test_what_is_said_of_a_path_is_renewed_while_it_is_followed(open_page, tmp_path, monkeypatch):
    monkeypatch.setattr("pages.shared.your_run.watching.POLL_SECONDS", 0.0)
    folder = tmp_path / "out"
    folder.mkdir()
    app = open_page()
    app.text_input(key="your_run:path").set_value(str(folder))
    app = app.button[[b.label for b in app.button].index("Watch")].click().run()
    assert "There is no run yet" in words(app) and not app.exception
    (folder / "a.jsonl").write_text(rows(1, 12))
    app = app.run()
    assert "12 rows, steps 1 to 12" in words(app)
    (folder / "a.jsonl").unlink()
    app = app.run()
    assert "a.jsonl: it cannot be read at present" in words(app) and "12 rows" in words(app)


def test_a_file_that_is_no_log_is_said_to_be_none_while_it_is_looked_at(open_page, tmp_path):
    path = tmp_path / "README.md"
    path.write_text("# Hello\nThis is no log.\n")
    app = open_page()
    app.text_input(key="your_run:path").set_value(str(path))
    app = app.button[[b.label for b in app.button].index("Watch")].click().run()
    assert "no format of a training log was recognised" in words(app) and not app.exception


def test_a_path_that_is_not_there_is_a_sentence(open_page):
    app = open_page()
    app.text_input(key="your_run:path").set_value("/no/such/file\0")
    app = app.button[[b.label for b in app.button].index("Watch")].click().run()
    assert "There is no file or folder" in app.error[0].value and not app.exception


def test_what_a_column_stands_for_is_shown_changed_and_kept(open_page):
    app = drop(open_page(), ("run.jsonl", rows()))
    table = app.dataframe[0].value.set_index("Logged as")
    assert table.loc["entropy", "Taken for"] == "Entropy" and table.loc["mine", "Taken for"] == "–"
    app = change(app, "mine", "grad_norm")
    assert "grad_norm" in charts(app) and "whoever opens its link sees it too" in words(app)
    again = open_page(ANN, {"log": log_of(app)}, fresh=False)
    assert "grad_norm" in charts(again) and not again.exception


def test_somebody_else_sees_the_owner_s_changes_and_keeps_their_own_in_a_copy(open_page):
    app = drop(open_page(), ("run.jsonl", rows(yours=1.0)))
    address = {"log": log_of(app)}
    other = change(open_page(BOB, address, fresh=False), "mine", "grad_norm")
    assert "grad_norm" in charts(other) and "you alone see, until this tab is closed" in words(other)
    assert process.store().logs.find(address["log"]).said == []
    app = change(app.run(), "yours", "kl_base")
    assert "grad_norm" not in charts(app) and "kl_base" in charts(app)
    assert {"grad_norm", "kl_base"} <= set(charts(other))  # the owner's, and what was said here on top of it
    assert "grad_norm" not in charts(open_page(BOB, address, fresh=False))
    other = press(other, "your_run:copy")
    (copy,) = process.store().logs.list(BOB)
    assert log_of(other) == copy.id != address["log"] and copy.name == "run.jsonl" and not other.exception
    assert {"grad_norm", "kl_base"} <= set(charts(open_page(BOB, {"log": copy.id}, fresh=False)))


def test_the_rewards_scale_is_asked_for_before_it_is_called_accuracy(open_page):
    app = drop(open_page(), ("run.jsonl", rows()))
    assert "accuracy" not in [c["name"] for c in payload(app)["charts"]]
    app.selectbox(key="your_run:accuracy:scale").set_value("plus_minus_one")
    app = app.button[[b.label for b in app.button].index("It is the accuracy")].click().run()
    shown = payload(app)
    assert "accuracy" in [c["name"] for c in shown["charts"]]
    (points,) = shown["points"].values()
    assert points["metrics"]["accuracy"]["mean"][-1] == 1 and points["metrics"]["accuracy"]["mean"][0] == pytest.approx(
        0.5125, abs=1e-3
    )


def test_a_column_that_the_lab_does_not_know_can_be_drawn(open_page):
    app = drop(open_page(), ("run.jsonl", rows()))
    app.multiselect[1].set_value(["mine"]).run()
    shown = payload(app)
    (points,) = shown["points"].values()
    assert points["metrics"]["column: mine"]["mean"][:3] == [1, 4, 9]


def test_several_files_are_several_runs(open_page):
    app = drop(open_page(), ("a.jsonl", rows()), ("b.jsonl", rows(1, 30, loss=0.3)))
    assert len(payload(app)["points"]) == 2 and not app.exception


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


def test_it_is_renamed_and_never_nameless(open_page):
    app = drop(open_page(), ("run.jsonl", rows()))
    log = log_of(app)
    for typed in ("\u202eMy *first*", " "):
        app.text_input(key=f"your_run:name:{log}").set_value(typed)
        app = app.button[[b.label for b in app.button].index("Save the name")].click().run()
        assert process.store().logs.find(log).name == "My *first*" and not app.exception
    assert read(app.subheader[0].value) == "My *first*"


def test_deleted_it_can_be_brought_back(open_page):
    app = drop(open_page(), ("run.jsonl", rows()))
    log = log_of(app)
    app = press(app, "your_run:delete")
    assert process.store().logs.list(ANN) == [] and "log" not in app.query_params
    gone = open_page(BOB, {"log": log}, fresh=False)
    assert "not known here" in gone.error[0].value
    app = press(app, "your_run:undo-button")
    assert [kept.id for kept in process.store().logs.list(ANN)] == [log] and payload(app)["points"]


def test_deleted_while_somebody_else_looks_at_it_they_are_told_and_see_it_again_when_it_is_back(open_page):
    app = drop(open_page(), ("run.jsonl", rows()))
    other = change(open_page(BOB, {"log": log_of(app)}, fresh=False), "mine", "kl_base")
    app = press(app, "your_run:delete")
    other.selectbox(key="your_run:change:column").set_value("entropy").run()
    assert "not known here" in other.error[0].value and not other.exception and not boards(other)
    press(app, "your_run:undo-button")
    assert "kl_base" in charts(other) and not other.error and not other.exception


def test_a_fragment_that_finds_it_gone_has_the_page_say_so(open_page):
    app = drop(open_page(), ("a.jsonl", rows()), ("b.jsonl", rows(1, 30)))
    process.store().logs.delete(log_of(app))
    which = next(box for box in app.selectbox if box.label == "Run to diagnose")
    app = which.set_value("b.jsonl").run()  # runs its fragment alone
    assert "not known here" in app.error[0].value and not app.exception


def test_a_link_to_nothing_says_so(open_page):
    app = open_page(params={"log": "x"})
    assert "not known here" in app.error[0].value and not app.exception


def test_the_command_line_opens_on_a_folder_and_finds_new_runs(open_app, monkeypatch, tmp_path):
    folder = tmp_path / "runs-here"
    folder.mkdir()
    (folder / "a.jsonl").write_text(rows(1, 5))
    monkeypatch.setattr("sys.argv", ["app.py", "--watch", str(folder)])
    app = open_app()
    assert app.title[0].value == "Your run" and not app.exception
    assert len(payload(app)["points"]) == 1
    (folder / "b.jsonl").write_text(rows(1, 7))
    monkeypatch.setattr("pages.shared.your_run.watching.POLL_SECONDS", 0.0)
    assert len(payload(app.run())["points"]) == 2
    (folder / "a.jsonl").write_text(rows(1, 3, reward=0.5))  # began again: the first start stays
    again = payload(app.run())
    assert [side["update"][1] for side in again["points"].values()] == [5, 3, 7] and not app.exception


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


def test_what_was_said_of_a_column_of_a_followed_path_outlives_a_reload(open_page, tmp_path):
    path = tmp_path / "run.jsonl"
    path.write_text(rows(1, 5))

    def watch(app):
        app.text_input(key="your_run:path").set_value(str(path))
        return app.button[[b.label for b in app.button].index("Watch")].click().run()

    app = watch(open_page())
    assert "until the program ends" in words(change(app, "mine", "grad_norm"))
    again = watch(open_page(fresh=False))
    assert "grad_norm" in charts(again) and not again.exception


def test_no_more_lines_are_drawn_than_can_be_told_apart(open_page):
    app = drop(open_page(), *((f"{name}.jsonl", rows(1, 12 + place)) for place, name in enumerate("abcdefgh")))
    app.multiselect[1].set_value(["shipped:DAPO", "shipped:GRPO"]).run()
    shown = payload(app)
    assert list(shown["points"])[-1] == "shipped example · DAPO" and len(shown["points"]) == 7
    assert "Only 7 lines can be told apart" in words(app) and not app.exception
