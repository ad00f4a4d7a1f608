"""Training in the foreground, for commands: an interrupt ends it."""

from __future__ import annotations

import os
import runpy
import signal
import sys
from dataclasses import replace

import pytest

import core.data.ladder
from core.runs.foreground import run_all
from core.settings.algorithm import DAPO, GRPO
from tests.support import CHAIN, small_run

LONG = 20_000  # updates


def test_an_interrupt_ends_every_run_at_its_next_update(heeds_interrupts):
    last = {}

    def report(label: str, stage: str, done: int, total: int) -> None:
        if not last:
            os.kill(os.getpid(), signal.SIGINT)
        last[label] = done

    runs = {name: replace(small_run(CHAIN, algorithm), updates=LONG) for name, algorithm in (("GRPO", GRPO), ("DAPO", DAPO))}
    with pytest.raises(KeyboardInterrupt):
        run_all(runs, on_progress=report, workers=1)
    assert max(last.values()) < LONG


@pytest.fixture
def ignored_interrupts():
    """As `nohup … &` leaves it."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


def test_the_command_that_computes_shipped_data_heeds_interrupts_that_were_ignored(ignored_interrupts, monkeypatch, capsys):
    """In this process; tests/core/commands/test_command_line.py interrupts a command in one of its own."""

    def interrupted(config):
        os.kill(os.getpid(), signal.SIGINT)
        raise AssertionError("training went on")

    monkeypatch.setattr(core.data.ladder, "trained", interrupted)
    monkeypatch.setattr(sys, "argv", ["core.data", "ladder"])
    monkeypatch.delitem(sys.modules, "core.data.__main__", raising=False)  # another test may have imported what is executed now
    with pytest.raises(SystemExit) as end:
        runpy.run_module("core.data", run_name="__main__")
    assert end.value.code == 130 and capsys.readouterr().out == "ladder: training …\n"
