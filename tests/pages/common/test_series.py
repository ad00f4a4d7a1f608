"""The board's numbers against hand calculation, and tails against snapshots."""

import json
import math
import time
from dataclasses import replace

import numpy as np
import pytest

from core.analysis.cost import token_cost
from core.analysis.history import History
from core.analysis.result import RunResult
from core.engine.forks import make_fork
from core.engine.types import StepRecord
from core.runs.foreground import run_all
from core.settings.run import RunConfig
from core.settings.scenarios import SCENARIOS
from core.settings.task import ChainConfig
from pages.shared.common import series
from pages.shared.common.live_board.charts import CHARTS, metrics_of, side_styles

NAN = math.nan
T_975 = {2: 4.30265}  # Student's t, 97.5 %, from a printed table


def record(update: int, *, rollout: int | None = None, samples=(64, 64, 64), **metrics) -> StepRecord:
    values = {name: np.array(value, dtype=float) for name, value in metrics.items()}
    return StepRecord(update, rollout or update, np.array(samples), 0.5 * update, values)


def history(*records: StepRecord, seeds: int = 3) -> History:
    out = History(range(seeds))
    for one in records:
        out.append(one)
    return out


def long_history(updates: int, seeds: int = 4) -> History:
    """Update metrics everywhere, rollout metrics at every fourth update, as the trainer gives them."""
    rng = np.random.default_rng(5)
    records = []
    for update in range(1, updates + 1):
        metrics = {"grad_norm": rng.lognormal(size=seeds)}
        if update % 4 == 1:
            metrics |= {name: rng.random(seeds) for name in ("entropy_nats", "reward_mean", "filter_ratio", "all_wrong_fraction")}
        rollout = (update + 3) // 4
        records.append(record(update, rollout=rollout, samples=[64 * rollout] * seeds, **metrics))
    return history(*records, seeds=seeds)


def test_mean_and_interval_by_hand():
    side = series.snapshot({"A": history(record(1, loss=[1, 2, 6]), record(2, loss=[4, 4, 4]))}, ["loss"])["A"]
    loss = side["metrics"]["loss"]
    assert loss["mean"] == [3, 4]
    # deviations -2, -1, 3: variance 14 / 2 = 7, standard error sqrt(7 / 3)
    assert loss["half"] == [pytest.approx(T_975[2] * math.sqrt(7 / 3), rel=1e-3), 0]
    assert "at" not in loss  # every row
    assert (side["update"], side["after"], side["seconds"]) == ([1, 2], -1, [0.5, 1])


def test_a_seed_that_was_not_measured_is_left_out_of_mean_and_interval():
    rows = [record(1, samples=[64] * 4, loss=[1, NAN, 3, 2]), record(2, samples=[64] * 4, loss=[NAN, 5, NAN, 7])]
    loss = series.snapshot({"A": history(*rows, seeds=4)}, ["loss"], seeds=True)["A"]["metrics"]["loss"]
    assert loss["mean"] == [2, 6]
    # 1, 3, 2: deviation 1, error 1 / sqrt(3); two seeds have no interval
    assert loss["half"] == [pytest.approx(T_975[2] / math.sqrt(3), rel=1e-3), 0]
    assert loss["seeds"] == [[1, None], [None, 5], [3, None], [2, 7]]


def test_rows_without_a_measurement_leave_no_point():
    records = [record(u, rollout=(u + 1) // 2, reward_mean=[u] * 3 if u % 2 else [NAN] * 3) for u in range(1, 6)]
    records[2].metrics.pop("reward_mean")
    side = series.snapshot({"A": history(*records)}, ["reward_mean", "kl_base"])["A"]
    assert side["metrics"]["reward_mean"] == {"at": [0, 4], "mean": [1, 5], "half": [0, 0]}
    assert side["metrics"]["kl_base"]["mean"] == []
    assert side["rollout"] == {"at": [0, 2, 4], "value": [1, 2, 3]}


def test_infinity_is_not_drawn_and_everything_is_json():
    points = series.snapshot(
        {"A": history(record(1, loss=[1, math.inf, 3]), record(2, loss=[math.inf] * 3))}, ["loss"], seeds=True
    )
    assert points["A"]["metrics"]["loss"]["mean"] == [2]
    assert json.loads(json.dumps(points, allow_nan=False)) == points


def test_numbers_are_rounded_to_four_significant_digits():
    values = [123456.0, 0.000123456, -1.23456, 0.0, 0.3, 1e-12, 999.96]
    assert series._significant(np.array(values)) == [123500, 0.0001235, -1.235, 0, 0.3, 1e-12, 1000]


@pytest.mark.parametrize("loss", [[2], [2, 3]])
def test_fewer_than_three_seeds_have_no_band(loss):
    one = history(record(1, loss=loss, samples=[8] * len(loss)), seeds=len(loss))
    assert "half" not in series.snapshot({"A": one}, ["loss"])["A"]["metrics"]["loss"]


def test_samples_are_means_over_seeds():
    side = series.snapshot({"A": history(record(1, samples=(10, 20, 40)), record(2, samples=(10, 20, 41)))}, [])["A"]
    assert side["samples"] == {"at": [0, 1], "value": [23, 24]}


def test_nothing_measured_yet():
    side = series.snapshot({"A": history()}, ["loss"])["A"]
    assert side["updates"] == [] and side["metrics"]["loss"]["mean"] == []
    assert series.last_updates({"A": side}) == {"A": -1}


def untrained(score: list[float]) -> StepRecord:
    return StepRecord(0, 0, np.zeros(len(score), dtype=int), 0.0, {"eval_accuracy": np.array(score)})


@pytest.mark.parametrize("level", [0, 1, 4])
def test_the_score_before_training_is_a_row_of_its_own_at_0_and_comes_once(level):
    whole, levels = {"A": history(untrained([0.1, 0.2, 0.3]), *long_history(40, seeds=3).after(0))}, {"A": level}
    side = series.snapshot(whole, ["eval_accuracy", "grad_norm"], levels=levels)["A"]
    assert side["update"] == [0, 40] and side["seconds"][0] == 0 and len(side["seconds"]) == 1 + -(-40 // 2**level)
    assert (side["rollout"]["value"][0], side["samples"]["value"][0]) == (0, 0)
    assert (side["metrics"]["eval_accuracy"]["at"], side["metrics"]["eval_accuracy"]["mean"]) == ([0], [0.2])
    assert side["metrics"]["grad_norm"]["at"][0] == 1
    tail = series.tail(whole, 0, ["eval_accuracy"], levels=levels)["A"]
    assert tail["after"] == 0 and tail["update"] == [1, 40] and tail["metrics"]["eval_accuracy"]["mean"] == []


def test_thresholds_and_events_are_those_of_the_updates_alone():
    entropies = [2.0, 1.0, 1.5] + [1.0] * 20 + [0.1] * 60
    records = [record(u, entropy_nats=[e] * 3, grad_norm=[1.0] * 3) for u, e in enumerate(entropies, start=1)]
    alone, whole = {"A": history(*records)}, {"A": history(untrained([0.1] * 3), *records)}
    assert series.collapse_thresholds(whole) == series.collapse_thresholds(alone) != []
    assert series.find_events(whole) == series.find_events(alone) != []
    assert series.collapse_thresholds({"A": history(untrained([0.1] * 3))}) == []


def test_updates_with_holes_are_listed_one_by_one():
    side = series.snapshot({"A": history(record(2), record(5))}, [])["A"]
    assert side["updates"] == [2, 5] and "update" not in side
    assert series.last_updates({"A": side}) == {"A": 5}


def appended(kept: dict, new: dict) -> dict:
    """What the browser does with a tail: rows it has are skipped. Everything as lists with one entry per row."""

    def rows(side):
        updates = side.get("updates") or list(range(side["update"][0], side["update"][1] + 1))
        change = {name: dict(zip(side[name]["at"], side[name]["value"], strict=True)) for name in ("rollout", "samples")}
        out, now = {}, {}
        for i, update in enumerate(updates):
            now |= {name: change[name][i] for name in change if i in change[name]}
            out[update] = {"seconds": side["seconds"][i], **now}
            for name, metric in side["metrics"].items():
                at = metric.get("at", range(len(metric["mean"])))
                if i in at:
                    j = list(at).index(i)
                    out[update][name] = (metric["mean"][j], metric["half"][j], [s[j] for s in metric["seeds"]])
        return out

    return rows(kept) | {u: row for u, row in rows(new).items() if u not in rows(kept)}


@pytest.mark.parametrize("first", [1, 6, 37])
@pytest.mark.parametrize("overlap", [0, 5])
def test_snapshot_and_tail_equal_a_bigger_snapshot(first, overlap):
    whole = long_history(60)
    part = history(*whole.after(0)[:first], seeds=4)
    names = metrics_of(CHARTS)
    small = series.snapshot({"A": part}, names, seeds=True)["A"]
    tail = series.tail({"A": whole}, {"A": max(first - overlap, 0)}, names, seeds=True)["A"]
    assert tail["after"] == max(first - overlap, 0)
    nothing = series.snapshot({"A": history(seeds=4)}, names, seeds=True)["A"] | {"updates": [0], "seconds": [0]}
    nothing |= {name: {"at": [0], "value": [0]} for name in ("rollout", "samples")}
    whole_rows = appended(nothing, series.snapshot({"A": whole}, names, seeds=True)["A"])
    whole_rows.pop(0)
    assert appended(small, tail) == whole_rows


def test_a_tail_behind_the_end_is_empty():
    tail = series.tail({"A": long_history(8)}, 8, ["grad_norm"])["A"]
    assert tail["updates"] == [] and series.last_updates({"A": tail}) == {"A": 8}


def test_a_bucket_by_hand():
    losses = {1: [0, 2, 4], 2: [1, 1, 7], 4: [5, 5, NAN], 5: [9, 9, 9]}
    one = history(
        *(record(u, rollout=u, samples=[10 * u] * 3, **({"loss": losses[u]} if u in losses else {})) for u in range(1, 6))
    )
    side = series.snapshot({"A": one}, ["loss"], seeds=True, levels={"A": 1})["A"]
    assert (side["update"], side["level"], side["seconds"]) == ([1, 5], 1, [1, 2, 2.5])  # updates 1-2, 3-4, 5
    assert side["rollout"]["value"] == [2, 4, 5] and side["samples"]["value"] == [20, 40, 50]
    loss = side["metrics"]["loss"]
    assert "at" not in loss and loss["count"] == [2, 1, 1]
    assert (loss["mean"], loss["low"], loss["high"]) == ([2.5, 5, 9], [2, 5, 9], [3, 5, 9])
    # Deviations -2, 0, 2: standard error sqrt(4 / 3); -2, -2, 4: sqrt(12 / 3).
    both = (math.sqrt(4 / 3) + 2) / 2
    assert loss["half"] == [pytest.approx(T_975[2] * both, rel=1e-3), 0, 0]
    assert loss["seeds"] == [[0.5, 5, 9], [1.5, 5, 9], [5.5, None, 9]]


@pytest.mark.parametrize("level", [1, 2, 5])
@pytest.mark.parametrize("since", [0, 13, 32, 59])
def test_a_tail_of_buckets_is_the_end_of_the_snapshot(level, since):
    whole, names, levels = {"A": long_history(60)}, metrics_of(CHARTS), {"A": level}
    side = series.snapshot(whole, names, seeds=True, levels=levels)["A"]
    tail = series.tail(whole, since, names, seeds=True, levels=levels)["A"]
    size = 2**level
    assert tail["after"] == since // size * size and tail["update"] == [tail["after"] + 1, 60]
    first = tail["after"] // size  # row
    assert tail["seconds"] == side["seconds"][first:]
    for name in names:
        sent, all_of_it = tail["metrics"][name], side["metrics"][name]
        rows = list(all_of_it.get("at", range(-(-60 // size))))
        begin = sum(row < first for row in rows)
        assert [row + first for row in sent.get("at", range(len(sent["mean"])))] == rows[begin:]
        for column in ("mean", "half"):
            assert sent[column] == all_of_it[column][begin:]
        assert sent.get("low", sent["mean"]) == all_of_it.get("low", all_of_it["mean"])[begin:]


def test_a_long_run_is_thinned_to_a_bounded_number_of_rows():
    assert [series.level_for(n) for n in (0, 1, 3000, 3001, 6000, 6001, 12_000, 12_001)] == [0, 0, 0, 1, 1, 2, 2, 3]
    for updates in (10**5, 10**6):
        rows = math.ceil(updates / 2 ** series.level_for(updates))
        assert series.MAX_ROWS / 2 <= rows <= series.MAX_ROWS
    side = series.snapshot({"A": long_history(100)}, ["grad_norm"], levels={"A": 4})["A"]
    assert len(side["seconds"]) == len(side["metrics"]["grad_norm"]["mean"]) == 7


def test_one_threshold_for_sides_that_start_alike_and_one_each_otherwise():
    def starts(value):
        return history(*(record(u, entropy_nats=[value] * 3) for u in (1, 2, 3)), record(4, entropy_nats=[0.1] * 3))

    (line,) = series.collapse_thresholds({"A": starts(2.0), "B": starts(2.01)})
    assert line["value"] == pytest.approx(0.4 * 2.005, rel=1e-3) and line["side"] is None
    each = series.collapse_thresholds({"A": starts(2.0), "B": starts(1.0)})
    assert [(t["side"], t["value"]) for t in each] == [("A", 0.8), ("B", 0.4)]
    assert [t["label"][:26] for t in each] == ["A entropy low: below 40 % ", "B entropy low: below 40 % "]
    for close in ({"A": starts(1.9), "B": starts(2.0)}, {"A": starts(0.5), "B": starts(2.0), "C": starts(1.0)}):
        words = {t["side"]: t["label"] for t in series.collapse_thresholds(close)}
        assert words == dict.fromkeys(close, "") | {"B": "entropy low: below 40 % of each line's start"}
    assert series.collapse_thresholds({"A": history()}) == []


def test_events_stand_where_the_detectors_fire():
    falling = history(*(record(u, entropy_nats=[2.0 if u < 41 else 0.1] * 3, grad_norm=[1.0] * 3) for u in range(1, 101)))
    (event,) = series.find_events({"A": falling})
    # mean of 32 updates, k of them 0.1: 2 - 1.9 k / 32 < 0.8 from k = 21 on
    assert event == {"side": "A", "update": 61, "metric": "entropy_nats", "text": "A: entropy collapsed"}


@pytest.mark.parametrize("seed", range(6))
def test_watching_a_run_grow_finds_what_looking_at_all_of_it_finds(seed):
    rng = np.random.default_rng(seed)
    # Both wander about their thresholds, so that windows close on both sides of them.
    entropy = np.where(np.arange(300) < 3, 1.0, 0.41 + 0.02 * rng.standard_normal(300).cumsum() / 5)
    gradient = np.where(np.arange(300) < 3, 1.0, rng.random(300) < 0.25 + 0.1 * np.sin(np.arange(300) / 30 + seed))
    whole = [
        record(u + 1, grad_norm=[gradient[u]] * 3, **({"entropy_nats": [entropy[u]] * 3} if u % 8 == 0 else {}))
        for u in range(300)
    ]
    watch, growing = series.EventWatch(), history()
    for one in whole:
        growing.append(one)
        if rng.random() < 0.2 or one.update == 300:
            assert watch.look({"A": growing}) == series.find_events({"A": growing})


def test_a_fork_is_judged_by_where_it_began():
    records = [record(u, entropy_nats=[2.0 if u < 141 else 0.1] * 3, grad_norm=[1.0] * 3) for u in range(101, 201)]
    fork, watch = {"A": history(*records)}, series.EventWatch()
    assert series.collapse_thresholds(fork)[0]["value"] == 0.8
    assert [event["update"] for event in series.find_events(fork)] == [161]
    for count in range(5, 101, 5):
        found = watch.look({"A": history(*records[:count])})
    assert found == series.find_events(fork)


def test_a_tail_does_not_cost_more_when_the_run_is_long():
    def cost(one: History) -> float:
        times = []
        for _ in range(15):
            began = time.perf_counter()
            series.tail({"A": one}, len(one) - 20, metrics_of(CHARTS))
            times.append(time.perf_counter() - began)
        return min(times)

    assert cost(long_history(6000, seeds=16)) < 3 * cost(long_history(200, seeds=16))


def test_known_sides_keep_their_style_and_all_styles_differ():
    styles = side_styles(["no clip", "DAPO", "token mean", "GRPO"])
    assert styles[1]["color"] == "#0072B2" and styles[3]["color"] == "#D55E00"
    assert len({s["color"] for s in styles}) == len({s["dash"] for s in styles}) == 4


def test_cost_grows_with_a_run_and_stands_at_each_row():
    config = RunConfig(task=ChainConfig(), replicas=3, updates=40, generation_price=2.0)
    growing, watch = history(untrained([0.1] * 3)), series.CostWatch()
    result, shown = RunResult(config, growing), 0
    for update in range(1, 41):
        measured = {"completion_tokens_mean": [4.0 + update] * 3} if update % 8 == 1 else {}
        growing.append(record(update, grad_norm=[1.0] * 3, **measured))
        if update % 7 == 0 or update == 40:
            costs = watch.look({"A": result})
            np.testing.assert_allclose(costs["A"], token_cost(growing, config).mean(1))
            side = series.tail({"A": growing}, shown, ["grad_norm"], costs=costs)["A"]
            assert side["cost"] == pytest.approx(costs["A"][shown + 1 :], rel=1e-3)
            shown = update
    thinned = series.tail({"A": growing}, -1, ["grad_norm"], levels={"A": 3}, costs=costs)["A"]
    assert thinned["cost"] == pytest.approx([costs["A"][row] for row in (0, 8, 16, 24, 32, 40)], rel=1e-3)
    growing.append(record(41, grad_norm=[1.0] * 3))  # behind the watch's back, by the thread that trains
    side = series.tail({"A": growing}, 38, ["grad_norm"], costs=costs)["A"]
    assert side["update"] == [39, 40] and side["cost"] == pytest.approx(costs["A"][39:], rel=1e-3)  # the rest comes with its cost


def test_the_cost_of_a_fork_goes_on_from_that_of_its_original():
    config = SCENARIOS["collapse"].runs(updates=24, replicas=2)["GRPO"]
    results = run_all({"GRPO": config, "Fork": make_fork(config, 16)})
    watch = series.CostWatch()
    watch.look(results | {"Fork": replace(results["Fork"], history=History(config.seeds))})  # it has measured nothing yet
    costs = watch.look(results)
    assert len(costs["Fork"]) == 8 and costs["Fork"] == pytest.approx(costs["GRPO"][17:])
