"""Numbers in the text of *Overlong shaping*: from the recorded lengths, see `core.data.recorded`."""

from __future__ import annotations

import torch

from core.data.recorded import TREATMENTS, lengths
from core.engine.algorithms.shaping import overlong_penalty
from core.settings.algorithm import DAPO
from core.settings.scenarios import find_scenario


def cut(treatment: float, frame: float) -> float:
    """Share that was cut; treatment 0 nothing, 1 filter, 2 soft; frame 0, 1, … or -1 for the last."""
    return _frames(treatment)[int(frame)]["cut"]


def most_cut(treatment: float) -> float:
    """The largest share that was cut in any frame."""
    return max(frame["cut"] for frame in _frames(treatment))


def mean_length(treatment: float, frame: float) -> float:
    found = _frames(treatment)[int(frame)]
    return sum((i + 1) * share for i, share in enumerate(found["ended"])) + len(found["ended"]) * found["cut"]


def only_the_answer_missing(treatment: float, frame: float) -> float:
    """Of the completions that were cut, the share that had taken every step its prompt needs."""
    found = _frames(treatment)[int(frame)]
    return found["cut_solved"] / found["cut"]


def held_out(treatment: float) -> float:
    """Held-out accuracy at the end."""
    return _run(treatment)["eval_accuracy"][-1]


def half_way() -> float:
    """Punishment, as a share of the whole, half-way up the ramp."""
    length = torch.tensor([LIMIT - BUFFER / 2])
    return -float(overlong_penalty(length, max_tokens=LIMIT, buffer_tokens=BUFFER))


def deepest() -> float:
    return DAPO.overlong_penalty


def _run(treatment: float) -> dict:
    return lengths()[TREATMENTS[int(treatment)]]


def _frames(treatment: float) -> list[dict]:
    return _run(treatment)["frames"]


_SOFT = find_scenario("length-runaway").runs()["Sequence mean + overlong"]
LIMIT, BUFFER = _SOFT.task.length_limit, _SOFT.algorithm.overlong_buffer_tokens
