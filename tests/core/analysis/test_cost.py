"""Cost in tokens: by hand, from what a run really generates, and what findings say of it."""

from dataclasses import replace

import numpy as np
import pytest

from core.analysis.cost import token_cost
from core.analysis.export import metrics_csv, run_id
from core.analysis.findings import findings
from core.analysis.history import History
from core.analysis.result import RunResult
from core.analysis.stats import contrast, value_at_samples
from core.analysis.summary import summarise
from core.engine.trainer import train
from core.engine.types import StepRecord
from core.settings.algorithm import DAPO, GRPO
from core.settings.links import from_query, to_query
from core.settings.run import RunConfig
from core.settings.scenarios import SCENARIOS
from core.settings.serial import config_dict
from core.settings.task import ChainConfig

# 2 prompts x 4 completions, two updates per rollout of 1 prompt each: 4 completions are trained on in an update
CONFIG = RunConfig(
    task=ChainConfig(), num_prompts=2, group_size=4, updates_per_rollout=2, replicas=2, updates=4, generation_price=3.0
)


def made_history() -> History:
    """Two rollouts of two updates. Seed 0 generates 8, then 16 completions of 5 tokens; seed 1 8 and 8, of 6 and then 2 tokens."""
    out = History(CONFIG.seeds)
    out.append(StepRecord(0, 0, np.zeros(2, dtype=int), 0.0, {"eval_accuracy": np.array([0.0, 0.0])}))
    lengths = {1: [5.0, 6.0], 3: [5.0, 2.0]}
    for update, samples in ((1, [8, 8]), (2, [8, 8]), (3, [24, 16]), (4, [24, 16])):
        metrics = {"grad_norm": np.ones(2)}
        if update in lengths:
            metrics["completion_tokens_mean"] = np.array(lengths[update])
        out.append(StepRecord(update, (update + 1) // 2, np.array(samples), 0.0, metrics))
    return out


def test_cost_is_what_was_generated_at_its_price_and_what_was_trained_on():
    seed_0 = [0, 3 * 40 + 20, 140 + 20, 160 + 3 * 80 + 20, 420 + 20]
    seed_1 = [0, 3 * 48 + 24, 168 + 24, 192 + 3 * 16 + 8, 248 + 8]
    np.testing.assert_allclose(token_cost(made_history(), CONFIG), np.array([seed_0, seed_1]).T)
    free = token_cost(made_history(), replace(CONFIG, generation_price=0.0))
    np.testing.assert_allclose(free[-1], [80, 4 * 12 + 4 * 4])  # 16 completions of 5 tokens; 8 of 6 and 8 of 2


def test_a_seed_that_is_done_costs_nothing_more_and_a_fork_begins_at_nothing():
    history = made_history()
    history.append(StepRecord(5, 3, np.array([24, 24]), 0.0, {"grad_norm": np.array([np.nan, 1.0])}))
    found = token_cost(history, CONFIG)
    assert found[-1, 0] == found[-2, 0] and found[-1, 1] == found[-2, 1] + 3 * 8 * 2 + 4 * 2


def test_tokens_generated_are_those_of_the_run():
    config = replace(CONFIG, algorithm=DAPO, updates=8)
    history = History(config.seeds)
    for record in train(config):
        history.append(record)
    free = token_cost(history, replace(config, generation_price=0.0))
    generated = token_cost(history, replace(config, generation_price=None)) - free
    made = np.diff(history.samples, axis=0, prepend=0) * np.nan_to_num(history.metric("completion_tokens_mean"))
    np.testing.assert_allclose(generated[-1], made.sum(0))
    assert (np.diff(free, axis=0) >= 0).all() and (made.sum(0) == np.round(made.sum(0), 6)).all()


def run(algorithm, score, samples_each, price) -> RunResult:
    config = replace(CONFIG, algorithm=algorithm, replicas=4, updates=40, generation_price=price)
    history = History(config.seeds)
    for update in range(1, 41):
        metrics = {"grad_norm": np.ones(4), "entropy_nats": np.ones(4), "completion_tokens_mean": np.full(4, 10.0)}
        metrics["eval_accuracy"] = np.array([0.0, 0.01, 0.02, 0.03]) + score * update / 40
        history.append(StepRecord(update, update, np.full(4, samples_each * update), 0.0, metrics))
    return RunResult(config, history)


@pytest.mark.parametrize("price", [0.0, 1.0, 4.0])
def test_findings_answer_a_third_question_at_equal_cost(price):
    made = {"GRPO": run(GRPO, 0.4, 4, price), "DAPO": run(DAPO, 0.8, 12, price)}
    summary = summarise("made-up", made)
    found = summary["differences"]["DAPO - GRPO"]["eval_accuracy_equal_cost"]
    # An update costs (4 price + 4) x 10 tokens on one side, and (12 price + 4) x 10 on the other
    assert (found["tokens"], found["of_tokens"]) == pytest.approx((40 * 10 * (4 * price + 4), 40 * 10 * (12 * price + 4)))
    costs = [token_cost(one.history, one.config) for one in made.values()]
    grpo, dapo = (
        value_at_samples(c, r.history.metric("eval_accuracy"), costs[0][-1]) for c, r in zip(costs, made.values(), strict=True)
    )
    assert found["mean"] == pytest.approx(contrast(dapo, grpo).mean) and found["generation_price"] == price
    told = findings(summary)[-1]
    assert told.startswith("At equal cost") and f"one generated counted as {price:g} trained on" in told
    assert ("as far as both have been run" in told) == (price > 0)
    if (
        price == 0
    ):  # then a sample costs nothing, and equal cost is equal updates, but for how the points of the last tenth are weighted
        assert found["mean"] == pytest.approx(summary["differences"]["DAPO - GRPO"]["eval_accuracy"]["mean"], abs=0.01)


def test_the_price_is_in_links_files_and_settings_and_names_no_other_run():
    collapse = SCENARIOS["collapse"]
    runs = {label: replace(config, generation_price=2.5) for label, config in collapse.runs().items()}
    opened = from_query(to_query(collapse, runs))
    assert opened.runs == runs and not opened.problems
    plain = collapse.runs()["GRPO"]
    assert "generation_price" not in config_dict(plain) and config_dict(runs["GRPO"])["generation_price"] == 2.5
    assert run_id("GRPO", plain) == run_id("GRPO", replace(plain, generation_price=None))
    head, first = metrics_csv({"A": RunResult(CONFIG, made_history())}).splitlines()[::3][:2]
    row = dict(zip(head.split(","), first.split(","), strict=True))
    assert row["update"] == "1" and row["token_cost"] == "140"
