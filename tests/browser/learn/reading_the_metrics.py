"""Reading the metrics."""

from __future__ import annotations

from pages.shared.learn.reading import SIDES, scrubbed
from tests.browser.learn import Case, Drag

DATA = scrubbed()


def latest(points: list, update: float) -> list:
    """By walking through all points."""
    found = points[0]
    for point in points:
        if point[0] <= update:
            found = point
    return found


def word(name: str, value: float, start: float) -> str:
    relative, steps = DATA[name]["relative"], DATA[name]["steps"]
    measured = value / start if relative else value
    for bound, said in steps:
        if bound is None or measured < bound:
            return said
    raise AssertionError(name)


POINTS = [[1, 0.5], [9, 0.25], [41, 0.125]]
READ = [(name, DATA[name][side][k][1], DATA[name][side][0][1]) for name in DATA for side in SIDES for k in (0, 5, -1)]

CASES = [
    *(Case("latest", [POINTS, update], latest(POINTS, update)) for update in (0, 1, 8, 9, 40, 41, 900)),
    *(Case("reading", [v, start, DATA[n]["relative"], DATA[n]["steps"]], word(n, v, start)) for n, v, start in READ),
    Case("reading", [0.4, 1.0, True, [[0.4, "below"], [None, "not below"]]], "not below"),
]

DRAGS = [
    Drag("scrub", "update", (-160, 0), "GRPO", lambda s: latest(DATA[s["metric"]]["GRPO"], s["update"])[1]),
    Drag("scrub", "update", (150, 0), "DAPO", lambda s: latest(DATA[s["metric"]]["DAPO"], s["update"])[1]),
]
