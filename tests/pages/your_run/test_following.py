"""A path that is followed: from the page or the command line, renewed while it grows, kept when asked."""

from __future__ import annotations

from pages.shared.common import process
from tests.pages.conftest import press, words
from tests.pages.your_run.conftest import ANN, payload, rows, watch


def test_a_path_is_followed_and_kept_when_asked(open_page, tmp_path):
    path = tmp_path / "run.jsonl"
    path.write_text(rows(1, 5))
    app = watch(open_page(), path)
    (points,) = payload(app)["points"].values()
    assert points["update"] == [1, 5] and payload(app)["badge"]["state"] == "live"
    assert process.store().logs.list(ANN) == []
    app = press(app, "your_run:keep")
    assert [log.name for log in process.store().logs.list(ANN)] == ["run.jsonl"] and payload(app)["badge"] is None


def test_what_is_said_of_a_path_is_renewed_while_it_is_followed(open_page, tmp_path, monkeypatch):
    monkeypatch.setattr("pages.shared.your_run.watching.POLL_SECONDS", 0.0)
    folder = tmp_path / "out"
    folder.mkdir()
    app = watch(open_page(), folder)
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
    app = watch(open_page(), path)
    assert "no format of a training log was recognised" in words(app) and not app.exception


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
