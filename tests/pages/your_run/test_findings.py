"""The findings on the page Your run: told, marked on the board, with settings of the log's own framework; live while it grows."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pages.shared.your_run.findings as module
from tests.pages.conftest import words
from tests.pages.your_run.conftest import paste, payload

STEPS = 60


def dead(steps: int = STEPS, alive: int = 20) -> str:
    """A run of TRL whose gradient is exactly 0 after `alive` steps, because every group is."""
    return "".join(
        json.dumps({
            "step": i, "loss": 0.1 if i <= alive else 0.0, "grad_norm": 0.5 + 0.01 * (i % 7) if i <= alive else 0.0,
            "reward": 0.3 + 0.01 * (i % 5) if i <= alive else 0.3, "frac_reward_zero_std": 0.25 if i <= alive else 1.0,
            "completions/mean_length": 100.0 + i % 3, "completions/clipped_ratio": 0.0, "entropy": 0.8, "learning_rate": 1e-6,
        }) + "\n"
        for i in range(1, steps + 1)
    )  # fmt: skip


def test_what_is_found_is_told_marked_and_advised_in_the_settings_of_the_log_s_framework(open_page):
    app = paste(open_page(), dead())
    text = words(app)
    assert not app.exception
    assert "The gradient has vanished" in text and "Groups without signal" in text
    assert "num_generations=16" in text and "actor_rollout_ref" not in text  # TRL's names, nobody else's
    assert "The gradient has vanished, since step 21" in text.replace("**", "")  # above the board, too
    lines = {(e["metric"], e["update"]) for e in payload(app)["events"]}
    assert {("grad_norm", 21), ("zero_std_fraction", 21)} <= lines
    assert {label for link in app.get("page_link") if (label := link.proto.label)} >= {"The same in the Lab"}


def test_a_healthy_run_is_told_to_be_with_what_was_looked_at(open_page):
    healthy = "".join(
        json.dumps({"step": i, "loss": 0.1, "grad_norm": 0.5 + 0.01 * (i % 7), "reward": 0.2 + i / 100, "entropy": 0.8 - i / 1000}) + "\n"
        for i in range(1, STEPS + 1)
    )  # fmt: skip
    app = paste(open_page(), healthy)
    assert "Healthy" in words(app) and "no rule found a fault in reward, entropy, grad_norm" in words(app).replace("\\", "")
    assert not payload(app)["events"] and "No fault was found" in words(app)


def test_a_log_that_is_followed_is_diagnosed_for_a_hundredth_more_rows_or_once_in_a_while_and_not_for_each(monkeypatch):
    asked, kept, clock = [], [None], [0.0]
    memo = SimpleNamespace(last=lambda: kept[0], of=lambda mark, make: kept.__setitem__(0, (mark, make())) or kept[0][1])
    monkeypatch.setattr(module, "DIAGNOSES", memo)
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    monkeypatch.setattr(module, "evidence_of_log", lambda run: run)
    monkeypatch.setattr(module, "diagnose", lambda run: asked.append(len(run.steps)) or ())

    def look(rows: int, version: int) -> None:
        module.diagnosis_of(
            SimpleNamespace(mark="log", version=version, watched="x", labels={"A": SimpleNamespace(steps=range(rows))})
        )

    for row in range(21):
        look(1000 + row, row)
    assert asked == [1000, 1011]
    clock[0] = module.RENEW_SECONDS
    look(1020, 20)  # it stands still, and its last rows are looked at once
    look(1020, 20)
    assert asked == [1000, 1011, 1020]
    look(10, 21)  # it was begun again
    assert asked[-1] == 10
