"""The options that all sides of a comparison share: number of updates, number of seeds, first seed. They are given once to `Scenario.runs`
and so are not settings of a single run in a link or after --set."""

from __future__ import annotations

START = {"updates": "--updates", "replicas": "--seeds", "first_seed": "--first-seed"}  # field of RunConfig -> its option
PARTS = {
    "task": "task.FIELD",
    "algorithm": "algorithm.FIELD",
    "fork": "`python -m core fork`",
}  # fields that are settings themselves
