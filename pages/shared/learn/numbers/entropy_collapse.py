"""Numbers in the text of *Entropy collapse and vanishing gradients*, and what its figure of rescues draws."""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path

from core.analysis.detectors import ENTROPY_COLLAPSE_FRACTION, EVENT_UPDATES, LEARNING_SHARE, VANISHED_SHARE
from core.engine.tasks import make_task
from core.settings.scenarios import find_scenario
from core.settings.techniques import with_techniques

FILE = Path(__file__).resolve().parents[4] / "docs" / "rescues.json"
PATIENTS = ("collapse", "addition")
# What python -m bench.rescues measured, by the name under which the figure knows it; the order is that of the numbers in the text.
MEDICINES = {
    "alone": "left alone",
    "clip": "Clip-Higher",
    "token": "Token-level loss",
    "overlong": "Overlong shaping",
    "bonus": "Entropy bonus",
    "dynamic": "Dynamic sampling",
    "four": "All four",
}


@cache
def measured() -> dict:
    """Run -> the results of every rescue, as `python -m bench.rescues` wrote them."""
    return json.loads(FILE.read_text(encoding="utf-8"))["patients"]


def rescues() -> dict:
    """The same for the figure: curves of the seeds from 0."""
    out = {}
    for patient in PATIENTS:
        found = measured()[patient]
        final = found["final"]["seeds from 0"]
        out[patient] = {
            "at": found["at"],
            "updates": found["updates"],
            "before": found["before"],
            "curves": {key: found["curves"][name] for key, name in MEDICINES.items()},
            "final": {key: final[name] for key, name in MEDICINES.items()},
        }
    return out


def held_out(patient: float, medicine: float, seeds: float = 0) -> float:
    """Final held-out accuracy; positions in PATIENTS and MEDICINES, `seeds` 0 for those from 0 and 1 for those from 100."""
    return _final(patient, medicine, seeds)["eval_accuracy"]


def entropy_kept(patient: float, medicine: float, seeds: float = 0) -> float:
    """Final entropy ÷ that of the patient's first updates."""
    return _final(patient, medicine, seeds)["entropy_nats"] / measured()[PATIENTS[int(patient)]]["initial"]["entropy_nats"]


def gained_at_least(patient: float, medicine: float, seeds: float = 0) -> float:
    """Lower end of the interval of the held-out accuracy gained relative to the unchanged run, same seeds."""
    return _final(patient, medicine, seeds)["gained"]["ci95"][0]


def gained_at_most(patient: float, medicine: float, seeds: float = 0) -> float:
    return _final(patient, medicine, seeds)["gained"]["ci95"][1]


def samples_times(patient: float, medicine: float, seeds: float = 0) -> float:
    """Completions generated in the whole run ÷ those of the run left alone."""
    return _final(patient, medicine, seeds)["samples"] / _final(patient, 0, seeds)["samples"]


def left_at(patient: float) -> float:
    return float(measured()[PATIENTS[int(patient)]]["at"])


def unpunished_tokens() -> float:
    """How long an answer of `addition` may be before overlong shaping, as the techniques set it, begins to punish it."""
    run = find_scenario("addition").runs()["GRPO"]
    shaped = with_techniques(run.algorithm, ["Overlong shaping"])
    return float(make_task(run.task).max_tokens - shaped.overlong_buffer_tokens)


def collapse_fraction() -> float:
    return ENTROPY_COLLAPSE_FRACTION


def learning_share() -> float:
    return LEARNING_SHARE


def vanished_share() -> float:
    return VANISHED_SHARE


def event_updates() -> float:
    return float(EVENT_UPDATES)


def mixed(p: float, group_size: float) -> float:
    """Chance that a group holds both right and wrong completions."""
    return 1 - p**group_size - (1 - p) ** group_size


def completions_per_mixed_group(p: float, group_size: float) -> float:
    return group_size / mixed(p, group_size)


def most_entropy(options: float) -> float:
    """Entropy of that many equal options, nats."""
    return math.log(options)


def _final(patient: float, medicine: float, seeds: float) -> dict:
    name = list(MEDICINES.values())[int(medicine)]
    return measured()[PATIENTS[int(patient)]]["final"][("seeds from 0", "seeds from 100")[int(seeds)]][name]
