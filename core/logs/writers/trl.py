"""For TRL, and any trainer of transformers: every log as a JSON line.

from core.logs.writers import trl_callback
trainer = GRPOTrainer(..., callbacks=[trl_callback("run.jsonl")])
"""

from __future__ import annotations

from pathlib import Path

from core.logs.writers.json_lines import JsonLinesWriter


def trl_callback(path: str | Path):
    """A `transformers.TrainerCallback` that appends what the trainer logs to `path`, from the main process only. ImportError without
    transformers."""
    from transformers import TrainerCallback

    class JsonLinesCallback(TrainerCallback):
        def __init__(self) -> None:
            self.writer = JsonLinesWriter(path)

        def on_log(self, args, state, control, logs=None, **kwargs) -> None:
            if state.is_world_process_zero and logs:
                self.writer.log(logs, state.global_step)

    return JsonLinesCallback()
