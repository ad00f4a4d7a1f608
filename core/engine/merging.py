"""How many replicas may train together so that each one's numbers stay, to the last bit, those of a smaller run."""

from __future__ import annotations

from core.engine.pieces import PIECE_BYTES
from core.engine.tasks.sizes import task_sizes
from core.settings.run import RunConfig

FLOAT = 4  # bytes


def most_together(config: RunConfig) -> int:
    """The most replicas of `config`'s settings, at least `config.replicas`, that may share a run without changing a bit of any of them.

    An MLP's matrix products are one per replica, so that the company changes nothing as long as no work is split into pieces
    (`core.engine.pieces`): a piece of other prompts is a product of another shape, which may round differently. The products of the GPT
    span the replicas, and are left as they are.
    """
    sizes = task_sizes(config.task)
    if sizes.prompt_tokens:
        return config.replicas
    widest = max(sizes.vocabulary, config.task.width)
    prompts = max(config.num_prompts, sizes.evaluated, 1)
    return max(PIECE_BYTES // (FLOAT * sizes.states * widest * prompts), config.replicas)
