"""What a run will cost is known before it is built: compared with what is built, and with the memory that training it really takes."""

import json
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from core.engine.checkpoints import Checkpoints
from core.engine.cost import FREE_SHARE, check, cost, estimate
from core.engine.pieces import pieces
from core.engine.policies import make_policy
from core.engine.policies.gpt import bytes_of_prompt
from core.engine.policies.gpt_cost import gpt_cost
from core.engine.policies.mlp_cost import mlp_cost
from core.engine.tasks import make_task
from core.engine.tasks.sizes import task_sizes
from core.engine.trainer import Trainer
from core.settings.algorithm import DAPO, GRPO
from core.settings.fields import ConfigError
from core.settings.limits import HOSTED, NONE
from core.settings.links import from_query
from core.settings.run import RunConfig
from core.settings.scenarios import SCENARIOS
from core.settings.serial import config_to_json
from core.settings.task import ArithmeticConfig, BanditConfig, ChainConfig
from tests.support import ARITHMETIC, BANDIT, CHAIN

GIGABYTE = 1_000_000_000
TASKS = [
    CHAIN,
    ChainConfig(step_tokens=9, hidden_layers=3),
    BANDIT,
    BanditConfig(contexts=7, actions=5, hidden_layers=1),
    ARITHMETIC,
    ArithmeticConfig(digits=2, imitation_steps=0, imitation_batch=8),
    ArithmeticConfig(digits=3, imitation_steps=0, imitation_batch=8, width=16, layers=1),
]
LINK = "num_prompts=512&group_size=2&replicas=32&task.length_limit=128&task.max_difficulty=32&task.step_tokens=256&task.width=64"
TOO_MUCH = from_query(dict(parse_qsl(LINK))).runs["GRPO"]  # a table of the logits of its rollout alone would take 71 GB


@pytest.mark.parametrize("config", TASKS, ids=lambda config: type(config).__name__)
def test_sizes_are_those_of_what_is_built(config, tmp_path, monkeypatch):
    monkeypatch.setenv("DAPO_LAB_CACHE", str(tmp_path))
    sizes, task = task_sizes(config), make_task(config)
    assert (sizes.vocabulary, sizes.tokens, sizes.evaluated) == (task.vocab_size, task.max_tokens, len(task.eval_prompts))
    assert sizes.states == getattr(task, "num_states", 0)
    assert sizes.prompt_tokens == getattr(task, "prompt_tokens_count", 0)
    if sizes.states:
        assert (sizes.pool, sizes.prompt_features) == task.prompt_features.shape
        assert sizes.state_features == task.state_features.shape[1]
    else:
        assert sizes.pool == len(task.first)
    run = RunConfig(task=config, replicas=3)
    policy = gpt_cost(run, sizes) if sizes.prompt_tokens else mlp_cost(run, sizes)
    assert (3, policy.parameters) == make_policy(task).initial(Trainer(run).streams.generators).flat.shape


def test_no_scenario_is_worked_off_in_more_than_one_piece():
    """So that the numbers of all scenarios do not depend on how large a piece is."""
    for name, scenario in SCENARIOS.items():
        for config in scenario.runs().values():
            sizes, task = task_sizes(config.task), config.task
            for prompts, group in ((config.num_prompts, config.group_size), (sizes.evaluated, 1)):
                of_each = config.replicas * (
                    bytes_of_prompt(sizes.prompt_tokens, sizes.tokens, group, task.width, task.layers, task.heads)
                    if sizes.prompt_tokens
                    else 4 * sizes.states * max(sizes.vocabulary, task.width)
                )
                assert len(pieces(prompts, of_each)) == 1, name


def test_every_scenario_is_let_through_on_a_shared_server_and_on_a_small_machine():
    for scenario in SCENARIOS.values():
        check(scenario.runs(), HOSTED, available=GIGABYTE)


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (HOSTED, r"memory must be at most 400 MB per run on this shared server, got about [\d,]+ MB for GRPO, "),
        (
            NONE,
            r"memory must be at most 19,200 MB, 80% of what this machine has free, got about [\d,]+ MB, of which (GRPO|DAPO) needs [\d,]+ MB, ",
        ),
    ],
    ids=["hosted", "at home"],
)
def test_a_table_of_71_gigabytes_is_refused_and_the_error_names_the_settings(limits, said):
    with pytest.raises(ConfigError, match=said) as caught:
        check(from_query(dict(parse_qsl(LINK))).runs, limits, available=24 * GIGABYTE)
    for part in ("the table of logits of an update", "num_prompts = 512", "replicas = 32", "task.length_limit = 128", "task.step_tokens = 256",
                 "task.max_difficulty = 32", "lower one of these settings"):  # fmt: skip
        assert part in str(caught.value)
    table = 4 * 32 * 257 * (512 // 8) * (33 * 128)  # R V (B of an update) S floats
    assert cost(TOO_MUCH).nbytes > 3 * table
    assert cost(replace(TOO_MUCH, updates_per_rollout=1)).nbytes > 3 * 71 * GIGABYTE


def test_work_is_bounded_on_a_shared_server_and_only_there():
    long = replace(SCENARIOS["addition"].run, algorithm=replace(DAPO, max_rounds=100), group_size=64, num_prompts=16, replicas=32)
    with pytest.raises(
        ConfigError, match=r"work must be at most 200 billion multiply-adds per rollout on this shared server.*max_rounds = 100"
    ):
        check({"DAPO": long}, replace(HOSTED, memory_mb=None), available=100 * GIGABYTE)
    check({"DAPO": long}, NONE, available=100 * GIGABYTE)


def test_an_evaluation_and_a_preparation_are_bounded_as_a_rollout_is():
    """Two prompts of two completions, so that a rollout is little work, of a pool of 4096 prompts; and 100,000 steps of imitation."""
    few = {"num_prompts": 2, "group_size": 2, "updates_per_rollout": 2, "updates": 100}
    pool = ChainConfig(pool_size=4096, step_tokens=256, max_difficulty=31, length_limit=128, width=64, hidden_layers=4)
    large = RunConfig(task=pool, replicas=4, **few)
    with pytest.raises(
        ConfigError, match=r"200 billion multiply-adds per evaluation on this shared server.*task\.pool_size = 4096"
    ):
        check({"A": large}, HOSTED, available=100 * GIGABYTE)
    addition = SCENARIOS["addition"].run
    long = replace(addition, task=replace(addition.task, imitation_steps=100_000), replicas=1)
    with pytest.raises(ConfigError, match=r"1,000 billion multiply-adds per preparation.*task\.imitation_steps = 100000"):
        check({"A": long}, HOSTED, available=100 * GIGABYTE)
    for scenario in SCENARIOS.values():
        check({label: replace(run, replicas=16) for label, run in scenario.runs().items()}, HOSTED, available=100 * GIGABYTE)


def test_runs_that_train_at_the_same_time_add_up():
    one = cost(SCENARIOS["addition"].run).nbytes
    runs = {str(k): SCENARIOS["addition"].run for k in range(5)}
    assert estimate(runs, at_once=2).nbytes == 2 * one and estimate(runs, at_once=9).nbytes == 5 * one
    check(runs, at_once=2, available=round(2 * one / FREE_SHARE) + 1)
    with pytest.raises(ConfigError, match="what this machine has free"):
        check(runs, at_once=2, available=round(2 * one / FREE_SHARE) - 1000)


def test_work_grows_as_the_settings_do():
    run = SCENARIOS["collapse"].run
    assert cost(replace(run, replicas=32)).work == pytest.approx(2 * cost(run).work)
    assert cost(replace(run, num_prompts=32)).update_work == pytest.approx(2 * cost(run).update_work)
    assert cost(replace(run, updates=960)).work == pytest.approx(2 * cost(run).work)
    refilled = replace(run, algorithm=replace(DAPO, max_rounds=7))
    assert cost(refilled).works[0].amount > cost(run).works[0].amount
    twice = replace(run, task=replace(run.task, pool_size=2 * run.task.pool_size), num_prompts=1, updates_per_rollout=1)
    once = replace(twice, task=run.task)
    assert cost(twice).works[1].amount == pytest.approx(2 * cost(once).works[1].amount, rel=0.1)


def test_checkpoints_are_counted_with_the_size_that_they_have():
    run = replace(SCENARIOS["collapse"].run, replicas=2)
    trainer = Trainer(run)
    states = next(part for part in cost(run).parts if part.what.startswith("states"))
    kept = Checkpoints()
    for update in range(8, 481, 8):
        kept.offer(run, update, trainer.state)
    assert states.nbytes == pytest.approx(kept.memory_nbytes, rel=0.2)


# -- measured ------------------------------------------------------------------------------------------------------------------

PEAKS = """
import json, os, resource, sys
import torch
from core.analysis.history import History
from core.engine.checkpoints import Checkpoints
from core.engine.trainer import train
from core.runs.memory import bound_heap
from core.settings.serial import config_from_json

def grown(text):
    "Bytes by which the peak of this process grows while the run of `text` is trained."
    config = config_from_json(text)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    history, checkpoints = History(config.seeds), Checkpoints()
    for record in train(config, checkpoints=checkpoints):
        history.append(record)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024

bound_heap()
torch.set_num_threads(1)
small, large = json.load(sys.stdin)
for text in small:
    grown(text)  # what every run needs is there before
for text in large:  # a process for each: a peak never falls
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.write(writing, str(grown(text)).encode())
        os._exit(0)
    os.close(writing)
    os.wait()
    print(os.read(reading, 100).decode())
"""
WARM = [
    RunConfig(task=task, updates=2, num_prompts=4, group_size=4, updates_per_rollout=2, replicas=2)
    for task in (CHAIN, BANDIT, ARITHMETIC)
]


def random_run(rng: random.Random) -> RunConfig:
    difficulty = rng.randint(1, 8)
    task = rng.choice(
        [
            ChainConfig(pool_size=rng.choice((8, 48, 200, 600)), step_tokens=rng.randint(2, 40), max_difficulty=difficulty,
                        length_limit=difficulty + rng.randint(2, 30), width=rng.choice((8, 32, 64, 128)), hidden_layers=rng.randint(1, 4),
                        activation=rng.choice(("tanh", "relu"))),
            BanditConfig(actions=rng.choice((3, 50, 256)), contexts=rng.choice((64, 1000, 4096)), width=rng.choice((16, 64, 256)),
                         hidden_layers=rng.randint(1, 3), activation=rng.choice(("tanh", "relu"))),
            ArithmeticConfig(digits=rng.randint(1, 3), width=rng.choice((16, 32, 64, 128)), layers=rng.randint(1, 3), imitation_steps=2,
                             imitation_batch=rng.choice((64, 256, 1024))),
        ]
    )  # fmt: skip
    each = rng.choice((1, 2, 4, 8))
    algorithm = rng.choice((GRPO, DAPO, replace(GRPO, kl_coef=0.1), replace(DAPO, entropy_coef=0.01)))
    return RunConfig(
        task=task, algorithm=algorithm, num_prompts=each * rng.choice((1, 2, 4, 8)), updates_per_rollout=each, updates=2 * each,
        group_size=rng.choice((2, 8, 16, 64)), replicas=rng.choice((1, 4, 16, 32, 64)),
        micro_batch_prompts=rng.choice((None, None, 2)))  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in kB on Linux only")
@pytest.mark.thorough
def test_the_memory_of_random_settings_is_told_within_a_factor_of_two(tmp_path):
    rng, runs, count = random.Random(0), [], 15
    while len(runs) < count:
        config = random_run(rng)
        if 100e6 < cost(config).nbytes < 400e6 and cost(config).work < 30e9:
            runs.append(config)
    given = json.dumps([[config_to_json(c) for c in WARM], [config_to_json(c) for c in runs]])
    done = subprocess.run(
        [sys.executable, "-c", PEAKS], input=given, capture_output=True, text=True, check=True, timeout=600,
        cwd=Path(__file__).parents[3], env={"PATH": "", "DAPO_LAB_CACHE": str(tmp_path), "PYTHONPATH": "."})  # fmt: skip
    measured = [int(line) for line in done.stdout.split()]
    assert len(measured) == count
    for config, peak in zip(runs, measured, strict=True):
        assert 0.5 <= cost(config).nbytes / peak <= 2, (cost(config), peak)
