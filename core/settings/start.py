"""What all sides of a comparison begin with: how long they train, with how many seeds, and from which on. Chosen once for all of them by
the caller of `Scenario.runs`, so that it is no setting of one run in a link or after --set."""

from __future__ import annotations

START = {"updates": "--updates", "replicas": "--seeds", "first_seed": "--first-seed"}  # field of RunConfig -> its option
PARTS = {
    "task": "task.FIELD",
    "algorithm": "algorithm.FIELD",
    "fork": "`python -m core fork`",
}  # fields that are settings themselves
