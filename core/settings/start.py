"""The options that all sides of a comparison share: number of updates, number of seeds, first seed. They are given once to `Scenario.runs`
and so are not settings of a single run in a link or after --set."""

from __future__ import annotations

START = {  # field of RunConfig -> its option
    "updates": "--updates",
    "samples": "--budget samples=NUMBER",
    "replicas": "--seeds",
    "first_seed": "--first-seed",
}
BUDGETS = ("updates", "samples")  # how long a run may be measured in; samples count where they are given
PARTS = {
    "task": "task.FIELD",
    "algorithm": "algorithm.FIELD",
    "fork": "`python -m core fork`",
}  # fields that are settings themselves
