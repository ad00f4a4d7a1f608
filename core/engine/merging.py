"""How many replicas may train together so that each one's numbers stay, to the last bit, those of a smaller run."""

from __future__ import annotations

from core.engine.pieces import PIECE_BYTES
from core.engine.tasks.sizes import task_sizes
from core.settings.run import RunConfig

FLOAT = 4  # bytes
LANES = 16  # numbers that the processor's loops take at a time
ROWS = 4  # a run of fewer replicas, or of no multiple, leaves a remainder in loops over the replicas


def most_together(config: RunConfig) -> int:
    """The most replicas of `config`'s settings, at least `config.replicas`, that may share a run without changing a bit of any of them.

    An MLP's matrix products are one per replica, so that company changes nothing, under three conditions. No work may be split into
    pieces (`core.engine.pieces`): a piece of other prompts is a product of another shape, which may round differently. And the prompts
    and the replicas must fill whole vectors: what is left over at the end of a loop is computed by another routine, which may round
    differently, and company decides what is left over. The products of the GPT span the replicas, so that it is left as it is.
    Tried on random settings by tests/core/sweep/test_work.py.
    """
    sizes = task_sizes(config.task)
    if sizes.prompt_tokens or config.num_prompts % LANES or config.replicas % ROWS:
        return config.replicas
    widest = max(sizes.vocabulary, config.task.width)
    prompts = max(config.num_prompts, sizes.evaluated, 1)
    return max(PIECE_BYTES // (FLOAT * sizes.states * widest * prompts), config.replicas)
