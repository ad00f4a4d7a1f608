"""A log is given to Your run: dropped, pasted or as a path; or refused in a sentence."""

from __future__ import annotations

import json

import pytest

from core.settings.limits import HOSTED
from pages.shared.common import process
from tests.pages.conftest import ROOT, words
from tests.pages.your_run.conftest import ANN, BOB, ROWS, boards, drop, log_of, paste, payload, rows


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


def test_several_files_are_several_runs(open_page):
    app = drop(open_page(), ("a.jsonl", rows()), ("b.jsonl", rows(1, 30, loss=0.3)))
    assert len(payload(app)["points"]) == 2 and not app.exception


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


def test_a_pasted_text_that_cannot_be_read_stays_in_its_field(open_page):
    app = paste(open_page(), "hello")
    assert "no format of a training log was recognised" in app.error[0].value and app.text_area[0].value == "hello"
    app = paste(app, " ")
    assert "There is no text in the field" in app.error[0].value
    app = paste(app, rows())
    assert not app.error and app.text_area[0].value == "" and boards(app)


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


def test_a_path_is_refused_where_strangers_share_the_server(open_page, tmp_path):
    app = open_page(limits=HOSTED)
    assert [tab.label for tab in app.tabs] == [":material/upload_file: Drop files", ":material/content_paste: Paste text"]
    assert "Up to 20 MB" in words(app) and str(ROOT) not in words(app) and not app.exception


def test_a_path_that_is_not_there_is_a_sentence(open_page):
    app = open_page()
    app.text_input(key="your_run:path").set_value("/no/such/file\0")
    app = app.button[[b.label for b in app.button].index("Watch")].click().run()
    assert "There is no file or folder" in app.error[0].value and not app.exception
