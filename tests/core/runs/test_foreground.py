"""Training in the foreground, for commands: an interrupt ends it."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import replace

import pytest

from core.runs.foreground import run_all
from core.settings.algorithm import DAPO, GRPO
from tests.processes import started
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


def test_the_command_that_computes_shipped_data_heeds_interrupts_that_its_parent_ignores():
    with started("-m", "core.data", "ladder", ignoring=(signal.SIGINT,), stdout=subprocess.PIPE) as process:
        assert process.stdout.readline().startswith("ladder: training")
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(60) == 130 and process.stdout.read() == ""
