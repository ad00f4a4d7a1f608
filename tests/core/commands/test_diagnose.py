"""`python -m core diagnose`."""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from core.__main__ import main
from core.commands import diagnose
from core.logs import patient


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """A look is waited for however busy the machine is."""
    monkeypatch.setattr(patient, "FIRST_WAIT_SECONDS", 60.0)
    monkeypatch.setattr(patient, "WAIT_SECONDS", 60.0)


@pytest.fixture
def dead(tmp_path):
    """A run of TRL whose reward is always 1, so that nothing has a gradient."""
    path = tmp_path / "run.jsonl"
    path.write_text("".join(json.dumps(row(step)) + "\n" for step in range(1, 41)))
    return path


def row(step: int) -> dict:
    return {
        "step": step, "loss": 0.0, "grad_norm": 0.0, "reward": 1.0, "reward_std": 0.0, "frac_reward_zero_std": 1.0, "my/own": step,
        "completions/mean_length": 50 + np.sin(step), "completions/clipped_ratio": 0.0, "learning_rate": 1e-6,
    }  # fmt: skip


def test_a_run_is_told_in_sentences_with_the_settings_of_its_framework(dead, capsys):
    assert main(["diagnose", str(dead)]) == 0
    said = capsys.readouterr().out
    assert "THERE NEVER WAS A GRADIENT" in said and "exactly 0 in 40 of 40 rows" in said
    assert "TRL: `num_generations=16`" in said and "verl:" not in said


def test_the_json_has_steps_columns_and_findings(dead, capsys):
    assert main(["diagnose", "--json", str(dead)]) == 0
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert (run["framework"], run["steps"], run["columns"]["grad_norm"]) == ("TRL", 40, "grad_norm")
    assert run["unknown_columns"] == ["my/own"]
    never = next(finding for finding in run["findings"] if finding["kind"] == "gradient_never")
    assert never["since_step"] == 1 and never["value"] == 1.0 and never["confidence"] == "sure" and "40 of 40" in never["text"]
    assert never["marks"] == [{"metric": "grad_norm", "column": "grad_norm", "from": 1, "to": 40}]
    assert never["cost"]["share"] == 1.0


def test_what_is_no_log_is_refused_in_one_line(tmp_path, capsys):
    path = tmp_path / "notes.txt"
    path.write_text("nothing of interest\n")
    assert main(["diagnose", str(path)]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("error: no run was read") and said.err.count("\n") == 1 and not said.out


def test_watching_tells_a_finding_once_and_a_new_one_when_it_comes(dead, capsys):
    def goes_on(seconds: float) -> None:
        said.append(capsys.readouterr().out)
        if len(said) == 2:
            with dead.open("a") as stream:
                stream.writelines(json.dumps(row(step) | {"completions/clipped_ratio": 0.9}) + "\n" for step in range(41, 81))

    said: list[str] = []
    assert watched(dead, looks=3, pause=goes_on) == 0
    said.append(capsys.readouterr().out)
    assert "THERE NEVER WAS A GRADIENT" in said[0] and said[1] == ""
    assert "LENGTH RUNS AWAY" in said[2] and "THERE NEVER WAS A GRADIENT" not in said[2]


def watched(*paths, notify=(), looks=1, pause=lambda seconds: None) -> int:
    options = diagnose.argparse.Namespace(paths=list(paths), json=False, watch=True, notify=list(notify))
    return diagnose.watch(options, pause=pause, looks=looks)


def test_several_paths_are_watched_at_once_each_told_once(dead, tmp_path, capsys):
    other = tmp_path / "second" / "other.jsonl"
    other.parent.mkdir()
    other.write_text(dead.read_text())
    assert watched(dead, other, looks=3) == 0
    assert capsys.readouterr().out.count("THERE NEVER WAS A GRADIENT") == 2


def test_a_command_is_told_each_fault_once(dead, tmp_path):
    heard = tmp_path / "heard.txt"

    def grows(seconds: float) -> None:
        with dead.open("a") as stream:
            stream.write(json.dumps(row(41)) + "\n")

    line = f"{sys.executable} -c \"import sys; open({str(heard)!r}, 'a').write(sys.stdin.read())\""
    assert watched(dead, notify=[line], looks=2, pause=grows) == 0
    said = heard.read_text()
    assert said.count("There never was a gradient") == 1 and "exactly 0 in 40 of 40 rows" in said
    assert "Metrics that would decide" not in said  # a note is no reason to wake somebody


def test_an_address_gets_the_json_and_one_that_fails_does_not_end_the_watching(dead, capsys):
    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append((self.headers["Content-Type"], json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.send_response(500 if len(got) == 1 else 200)
            self.end_headers()

        def log_message(self, *args) -> None:
            pass

    got: list[tuple[str, dict]] = []
    server = HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        assert watched(dead, notify=[f"http://127.0.0.1:{server.server_port}/secret"]) == 0
    finally:
        server.shutdown()
        server.server_close()
    kinds = [finding["kind"] for _, body in got for finding in body["findings"]]
    assert {"gradient_never", "reward_constant", "no_signal"} <= set(kinds) and len(kinds) == len(set(kinds))
    assert got[0][0] == "application/json" and got[0][1]["framework"] == "TRL" and got[0][1]["text"]
    said = capsys.readouterr().err
    assert "a notice was not delivered: the address answered 500" in said and "secret" not in said


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (["--notify", "true"], "--notify must go with --watch"),
        (["--watch", "--notify", "no-such-command-here"], "--notify must name a command that exists"),
        (["--watch", "--notify", 'echo "open'], "--notify must be a command whose quotes are closed"),
        (
            ["--watch", "--notify", "nosuchservice://x"],
            "requirements-notify.txt" if find_spec("apprise") is None else "apprise knows",
        ),
    ],
)
def test_what_cannot_be_notified_is_said_at_once(dead, capsys, more, why):
    assert main(["diagnose", *more, str(dead)]) == 2
    assert why in capsys.readouterr().err


def test_a_path_whose_disk_does_not_answer_holds_up_no_other(dead, tmp_path, capsys, monkeypatch):
    hung, answers, opened = tmp_path / "hung.jsonl", threading.Event(), Path.open
    hung.write_text(dead.read_text())

    def slow(self, *args, **kwargs):
        assert self != hung or answers.wait(60)
        return opened(self, *args, **kwargs)

    def looked(seconds: float) -> None:
        said.append(capsys.readouterr().out)
        if "THERE NEVER WAS A GRADIENT" in said[-1]:
            raise Told

    said: list[str] = []
    monkeypatch.setattr(Path, "open", slow)
    monkeypatch.setattr(patient, "FIRST_WAIT_SECONDS", 0.1)
    monkeypatch.setattr(patient, "WAIT_SECONDS", 0.1)
    try:
        with pytest.raises(Told):
            watched(hung, dead, looks=600, pause=looked)
    finally:
        answers.set()


class Told(Exception):
    """What was waited for has been said."""
