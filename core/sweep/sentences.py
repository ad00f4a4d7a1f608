"""What a map shows, in sentences. Numbers come from the cells alone; nothing is interpolated."""

from __future__ import annotations

import numpy as np

from core.analysis.markdown import literal
from core.analysis.stats import MIN_SEEDS
from core.analysis.tables import number
from core.analysis.verdict import Verdict, verdict
from core.sweep.axis import Axis
from core.sweep.boundary import FALLEN_SHARE, collapses_at, holds_up_to
from core.sweep.grid import Cell
from core.sweep.map import SweepMap
from core.sweep.measured import COLLAPSED

SCORE = "eval_accuracy"
ENOUGH_SEEDS = 16
NOTHING = "Nothing has been measured yet."
HOLDS_BEYOND = (
    "**{ours} holds at up to {times} times the {setting} at which {theirs} collapses**, at {row}: {theirs} collapses at {fails} "
    "({their_count} of {their_seeds} seeds), {ours} still holds at {holds} ({our_count} of {our_seeds} collapsed)."
)
HOLDS_FAR = (
    "**{ours} holds at {times} times the {setting} at which {theirs} has collapsed**, at {row}: {ours} up to {holds} ({our_count} of "
    "{our_seeds} seeds collapsed), {theirs} has collapsed at {fails} already, the lowest of the map ({their_count} of {their_seeds})."
)
HOLDS_WHERE = (  # the lowest value is 0, of which no other one is a multiple
    "**{ours} holds where {theirs} has collapsed**, at {row}: {ours} up to {setting} {holds} ({our_count} of {our_seeds} seeds collapsed), "
    "{theirs} has collapsed at {fails} already, the lowest of the map ({their_count} of {their_seeds})."
)
COLLAPSES_FIRST = "**{ours} collapses before {theirs}**, at {row}: {ours} at {setting} {fails}, {theirs} holds up to {holds}."
ALIKE = "At {row} {ours} and {theirs} collapse at the same {setting}, {fails}."
ONE_COLLAPSES = (
    "At {row} {theirs} collapses at {setting} {fails} ({count} of {seeds} seeds); {ours} holds up to {last}, the end of the map."
)
NEITHER = "At {row} no side collapses over the whole range of {setting}, {first} to {last}."
BOTH_FROM_THE_START = "At {row} {ours} and {theirs} have collapsed at {first} already, the lowest {setting} of the map."
FROM_THE_START = "At {row} {ours} has collapsed at {first} already, the lowest {setting} of the map."
MOVES = "{label} holds up to {setting} {low} at {first_row} and {high} at {last_row}."
VARIES = (
    "{label} holds up to {setting} {least} to {most}, depending on the {other}, with no trend from its lowest to its highest."
)
STAYS = (
    "For {label} the {other} does not move the boundary: it holds up to {setting} {low} at {first_row} and at {last_row} alike."
)
COUNTED = "{label} collapses, in half or more of its seeds, in {fallen} of {measured} cells."
BEST = "{label} scores best at {where}: {score}{interval}; {count} of {seeds} seeds collapsed there."
AHEAD = "{ours} scores above {theirs} in {up} of {measured} cells and below it in {down}, counting only cells whose interval excludes 0."
DIVERGED = "{label} diverged, to NaN or infinity, in {count} cells, first at {where} (update {update})."
FIRST_LOOK = "With {seeds} seeds this is a first look; a claim needs {enough}."
FEW = "Too few seeds to tell: an interval needs at least {most}."


def findings(found: SweepMap, at: int | None = None) -> list[str]:
    """Sentences about one plane of the map, Markdown. `at` is the position on a third axis."""
    if not any((cell, label) in found.cells for cell in found.plane(at) for label in found.labels):
        return [NOTHING]
    out = []
    if len(found.grid.seeds) < MIN_SEEDS:
        out.append(FEW.format(most=MIN_SEEDS))
    elif len(found.grid.seeds) < ENOUGH_SEEDS:
        out.append(FIRST_LOOK.format(seeds=len(found.grid.seeds), enough=ENOUGH_SEEDS))
    for ours, theirs in found.pairs:
        out += _who_collapses_first(found, ours, theirs, at)
    for label in found.labels:
        out += _how_much(found, label, at)
    for ours, theirs in found.pairs:
        out += _who_is_ahead(found, ours, theirs, at)
    return out


def _who_collapses_first(found: SweepMap, ours: str, theirs: str, at: int | None) -> list[str]:
    """Along x, in the row of the scenario's own settings, or the one nearest to it."""
    x, y = found.grid.axes[:2]
    if not x.is_number:
        return []
    row = _own_row(found, theirs, at)
    place = {"setting": x.words, "row": f"{y.words} {y.texts[row]}", "ours": literal(ours), "theirs": literal(theirs)}
    lines = {label: found.fallen(label, at)[row] for label in (ours, theirs)}
    if any(np.isnan(line).all() for line in lines.values()):
        return []
    fails = {label: collapses_at(line) for label, line in lines.items()}
    holds = {label: holds_up_to(line) for label, line in lines.items()}
    place |= {"first": x.texts[0], "last": x.texts[-1]}
    if fails[ours] is None and fails[theirs] is None:
        return [NEITHER.format(**place)]
    if holds[ours] is None and holds[theirs] is None:
        return [BOTH_FROM_THE_START.format(**place)]
    if fails[ours] is None:
        where = fails[theirs]
        return [ONE_COLLAPSES.format(**place, fails=x.texts[where], **_count(found, theirs, (where, row), at))]
    if fails[theirs] is None:
        turned = place | {"ours": literal(theirs), "theirs": literal(ours)}
        return [ONE_COLLAPSES.format(**turned, fails=x.texts[fails[ours]], **_count(found, ours, (fails[ours], row), at))]
    if holds[ours] is None:
        return [FROM_THE_START.format(**place)]
    if holds[ours] >= fails[theirs]:
        end, their_end = holds[ours], fails[theirs]
        sentence = HOLDS_FAR if holds[theirs] is None else HOLDS_BEYOND
        far, near = float(x.texts[end]), float(x.texts[their_end])
        ours_, theirs_ = _count(found, ours, (end, row), at), _count(found, theirs, (their_end, row), at)
        return [
            (sentence if near else HOLDS_WHERE).format(
                **place, times=number(far / near) if near else "", fails=x.texts[their_end], holds=x.texts[end],
                their_count=theirs_["count"], their_seeds=theirs_["seeds"], our_count=ours_["count"], our_seeds=ours_["seeds"])
        ]  # fmt: skip
    if holds[theirs] is not None and holds[theirs] >= fails[ours]:
        return [COLLAPSES_FIRST.format(**place, fails=x.texts[fails[ours]], holds=x.texts[holds[theirs]])]
    return [ALIKE.format(**place, fails=x.texts[fails[ours]])]


def _how_much(found: SweepMap, label: str, at: int | None) -> list[str]:
    x, y = found.grid.axes[:2]
    fallen = found.fallen(label, at)
    measured = ~np.isnan(fallen)
    if not measured.any():
        return []
    name = literal(label)
    out = [COUNTED.format(label=name, fallen=int((fallen[measured] >= FALLEN_SHARE).sum()), measured=int(measured.sum()))]
    if x.is_number:
        out += _how_it_moves(name, x, y, fallen)
    best = max(found.plane(at), key=lambda cell: np.nan_to_num(found.estimate(cell, label, SCORE).mean, nan=-np.inf))
    score = found.estimate(best, label, SCORE)
    if score.mean == score.mean:
        interval = f" [{number(score.low)}, {number(score.high)}]" if score.ci95 else ""
        out.append(
            BEST.format(
                label=name,
                where=_where(found, best),
                score=number(score.mean),
                interval=interval,
                **_count(found, label, best[:2], at),
            )
        )
    if hit := found.diverged(label, at):
        out.append(
            DIVERGED.format(label=name, count=len(hit), where=_where(found, hit[0]), update=found.cells[hit[0], label].diverged)
        )
    return out


def _how_it_moves(name: str, x: Axis, y: Axis, fallen: np.ndarray) -> list[str]:
    """How the last value at which a side holds moves from the first row to the last, if in every row it lies inside the map."""
    ends = {
        row: holds_up_to(line)
        for row, line in enumerate(fallen)
        if collapses_at(line) is not None and holds_up_to(line) is not None
    }
    if len(ends) < max(2, sum(not np.isnan(line).all() for line in fallen)):
        return []  # in some row it lies outside of the map
    first, last = min(ends), max(ends)
    words = {"label": name, "setting": x.words, "other": y.words, "low": x.texts[ends[first]], "high": x.texts[ends[last]],
             "first_row": f"{y.words} {y.texts[first]}", "last_row": f"{y.words} {y.texts[last]}"}  # fmt: skip
    words |= {"least": x.texts[min(ends.values())], "most": x.texts[max(ends.values())]}
    if len(set(ends.values())) == 1:
        return [STAYS.format(**words)]
    return [(VARIES if ends[first] == ends[last] else MOVES).format(**words)]


def _who_is_ahead(found: SweepMap, ours: str, theirs: str, at: int | None) -> list[str]:
    verdicts = [verdict(value) for cell in found.plane(at) if (value := found.difference(cell, ours, theirs, SCORE)).ci95]
    if not verdicts:
        return []
    return [
        AHEAD.format(
            ours=literal(ours),
            theirs=literal(theirs),
            up=verdicts.count(Verdict.UP),
            down=verdicts.count(Verdict.DOWN),
            measured=len(verdicts),
        )
    ]


def _own_row(found: SweepMap, label: str, at: int | None) -> int:
    """The row nearest to the side's own setting among those that were measured."""
    own = found.grid.mark(label)[1]
    fallen = found.fallen(label, at)
    rows = [row for row in range(len(fallen)) if not np.isnan(fallen[row]).all()] or [0]
    return min(rows, key=lambda row: abs(row - (own if own is not None else 0)))


def _count(found: SweepMap, label: str, place: tuple[int, int], at: int | None) -> dict[str, int]:
    cell: Cell = place if at is None or len(found.grid.axes) < 3 else (*place, at)
    measured = found.cells[cell, label]
    seeds = len(measured.seeds)
    return {"count": seeds if measured.diverged is not None else int((measured.values[COLLAPSED] > 0.5).sum()), "seeds": seeds}


def _where(found: SweepMap, cell: Cell) -> str:
    return ", ".join(f"{axis.words} {axis.texts[at]}" for axis, at in zip(found.grid.axes, cell, strict=True))
