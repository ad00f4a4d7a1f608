"""Settings as people have them: other forms, other versions, half files and hostile ones."""

from __future__ import annotations

import json
import pickle

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from core.logs.source import Refused
from core.recipes import TARGETS, Imported, read_settings, recipe_text, write_recipe
from core.settings.algorithm import DAPO, GRPO
from core.settings.fields import ConfigError
from core.settings.links import from_query, to_query
from core.settings.scenarios import SCENARIOS
from core.settings.techniques import techniques_of

ACTOR = "actor_rollout_ref.actor."
TRL = {
    "loss_type": "dapo",
    "epsilon": 0.2,
    "epsilon_high": 0.28,
    "beta": 0.0,
    "num_generations": 8,
    "scale_rewards": "group",
    "num_iterations": 2,
}
VERL = [
    "algorithm.adv_estimator=grpo", f"{ACTOR}clip_ratio_low=0.2", f"{ACTOR}clip_ratio_high=0.28", f"{ACTOR}clip_ratio_c=10.0",
    f"{ACTOR}loss_agg_mode=token-mean", "algorithm.filter_groups.enable=True", "algorithm.filter_groups.metric=acc",
    "algorithm.filter_groups.max_num_gen_batches=10", "data.train_batch_size=512", f"{ACTOR}ppo_mini_batch_size=32",
    "actor_rollout_ref.rollout.n=16",
]  # fmt: skip


def notes(found):
    return " ".join(map(str, found.notes))


def nested(flat):
    tree = {}
    for key, value in flat.items():
        *path, last = key.split(".")
        at = tree
        for part in path:
            at = at.setdefault(part, {})
        at[last] = value
    return tree


@pytest.mark.parametrize("text", [
    json.dumps(TRL), yaml.safe_dump(TRL), repr(TRL), yaml.safe_dump({k: {"value": v, "desc": None} for k, v in TRL.items()}),
    "from trl import GRPOConfig\nhigh = 0.28\nargs = GRPOConfig(\n    output_dir=out,\n    "
    + ",\n    ".join(f"{k}={'high' if k == 'epsilon_high' else repr(v)}" for k, v in TRL.items()) + ")\ntrainer = GRPOTrainer(model, args)",
    " ".join(["accelerate launch train.py"] + [f"--{k} {v}" for k, v in TRL.items()]),
    " ".join(["python train.py"] + [f"--{k}={v}" for k, v in TRL.items()]),
], ids=["JSON", "YAML", "a printed dictionary", "W&B's config.yaml", "a call in a script", "options", "options with ="])  # fmt: skip
def test_trls_arguments_in_every_form_are_the_same_algorithm(text):
    found = read_settings(text)
    assert (found.framework, techniques_of(found.algorithm)) == ("TRL", ["Clip-Higher", "Token-level loss"])
    assert found.algorithm.eps_high == 0.28 and found.sizes["group_size"] == 8 and found.sizes["epochs"] == 2


@pytest.mark.parametrize("text", [
    "python3 -m verl.trainer.main_ppo \\\n    " + " \\\n    ".join(VERL) + " $@",
    yaml.safe_dump(nested({k: yaml.safe_load(v) for k, v in (word.split("=") for word in VERL)})),
    yaml.safe_dump(VERL and {k: yaml.safe_load(v) for k, v in (word.split("=") for word in VERL)}),
    "(TaskRunner pid=123) some line\n" + "\n".join(
        f"(TaskRunner pid=123) {line}" for line in repr(nested({k: yaml.safe_load(v) for k, v in (w.split("=") for w in VERL)})).split("\n")
    ) + "\n(TaskRunner pid=123) {'step': 1}",
    "#!/bin/bash\nhigh=0.28\nbsz=512\nmini=$((bsz / 16))\n" + " \\\n ".join(
        ["python -m x", *VERL[:2], f"{ACTOR}clip_ratio_high=${{high}}", *VERL[3:8], "data.train_batch_size=${bsz}",
        f"+{ACTOR}ppo_mini_batch_size=$mini", VERL[10]]
    ),
], ids=["a command", "a nested file", "dotted names in a file", "the console's dictionary", "a script with variables"])  # fmt: skip
def test_verls_settings_in_every_form_are_the_same_algorithm(text):
    found = read_settings(text)
    assert found.framework == "verl" and techniques_of(found.algorithm) == ["Clip-Higher", "Token-level loss", "Dynamic sampling"]
    assert found.algorithm.dual_clip == 10.0 and found.algorithm.max_rounds == 10
    assert (found.sizes["updates_per_rollout"], found.sizes["group_size"], found.sizes["num_prompts"]) == (16, 16, 16)
    assert "num_prompts: 512 became 16" in notes(found)


def test_the_first_list_of_overrides_that_hydra_keeps_is_read():
    found = read_settings(yaml.safe_dump(VERL))
    assert techniques_of(found.algorithm) == ["Clip-Higher", "Token-level loss", "Dynamic sampling"]


@pytest.mark.parametrize("version, loss, beta", [
    ("0.15", "sequence_mean", 0.04), ("0.18", "token_mean", 0.04), ("0.19", "token_mean", 0.0), ("0.22", "token_mean", 0.0), ("1.16",
    "token_mean", 0.0),
])  # fmt: skip
def test_what_is_absent_has_the_default_of_that_version(version, loss, beta):
    found = read_settings(json.dumps({"num_generations": 8, "epsilon": 0.2}), version=version)
    assert (found.algorithm.loss_aggregation, found.algorithm.kl_coef) == (loss, beta)
    assert f"Not given, so that the defaults of TRL {version} count: loss_type" in notes(found)
    assert ("loss_type=bnpo takes the mean" in notes(found)) is (version in ("0.18", "0.19"))


def test_a_version_is_recognised_by_a_name_that_only_it_has():
    assert "recognised as 0.21 by scale_rewards" in notes(read_settings('{"scale_rewards": true, "num_generations": 8}'))
    assert read_settings('{"scale_rewards": false, "num_generations": 8}').algorithm.normalize_std is False


def test_plain_verl_is_not_plain_grpo_and_it_is_said():
    found = read_settings("algorithm.adv_estimator=grpo actor_rollout_ref.rollout.n=8")
    assert found.algorithm.dual_clip == 3.0 and "so this is not plain GRPO" in notes(found)


def test_an_early_verl_had_an_entropy_bonus_by_default():
    text = "algorithm.adv_estimator=grpo actor_rollout_ref.rollout.n=8"
    assert [read_settings(text, version=v).algorithm.entropy_coef for v in ("0.2", "0.3.0", "0.9.1")] == [0.001, 0.001, 0.0]


def test_ms_swift_has_trls_names_and_its_own_defaults():
    found = read_settings("swift rlhf --rlhf_type grpo --num_generations 8 --dynamic_sample true --max_resample_times 4")
    assert (found.framework, found.algorithm.kl_coef, found.sizes["temperature"], found.algorithm.max_rounds) == (
        "ms-swift",
        0.04,
        0.9,
        5,
    )
    assert found.algorithm.loss_aggregation == "sequence_mean" and "the unfiltered batch" in notes(found)


def test_openrlhfs_names_of_before_and_after_0_11():
    new = (
        "--algo.advantage.estimator group_norm --actor.eps_clip_low_high 0.2 0.28 --rollout.n_samples_per_prompt 8 "
        "--algo.dynamic_filtering_enable --algo.kl.init_coef 0"
    )
    old = "--advantage_estimator group_norm --eps_clip_low_high 0.2 0.28 --n_samples_per_prompt 8 --dynamic_filtering --init_kl_coef 0"
    assert read_settings(new).algorithm == read_settings(old).algorithm
    assert techniques_of(read_settings(new).algorithm) == ["Clip-Higher", "Token-level loss", "Dynamic sampling"]


def test_what_the_lab_has_not_is_told():
    found = read_settings(
        json.dumps(
            TRL | {"importance_sampling_level": "sequence", "use_vllm": True, "lr_scheduler_type": "cosine", "loss_type": "cispo"}
        )
    )
    for said in ("importance_sampling_level=sequence: the Lab has no such setting", "vllm_importance_sampling_correction changes",
    "lr_scheduler_type=cosine",
                 "loss_type=cispo is another objective"):  # fmt: skip
        assert said in notes(found)


def test_a_value_that_is_not_in_the_text_or_is_nonsense_costs_a_sentence_and_nothing_else():
    found = read_settings(
        "algorithm.adv_estimator=grpo actor_rollout_ref.rollout.n=8 " + f"{ACTOR}clip_ratio_high=$HIGH {ACTOR}clip_ratio_low=lots"
    )
    assert (found.algorithm.eps_low, found.algorithm.eps_high) == (0.2, 0.2)
    assert "$HIGH refers to something that is not in the text" in notes(found) and "lots was not understood" in notes(found)
    found = read_settings(json.dumps(TRL | {"epsilon_high": 1e9, "num_generations": 4096, "temperature": -1}))
    assert (
        found.algorithm.eps_high == GRPO.eps_high
        and "the Lab cannot have this value (epsilon_high must be between 0.0 and 10.0" in notes(found)
    )
    assert found.sizes["group_size"] == 256 and found.sizes["temperature"] == 1.0


def test_what_was_read_opens_as_a_side_beside_the_scenarios_own():
    found = read_settings(" ".join(VERL))
    scenario = next(iter(SCENARIOS.values()))
    opened = from_query(to_query(scenario, found.beside(scenario)))
    assert not opened.problems and list(opened.runs) == [*scenario.algorithms, "Yours"]
    assert opened.runs["Yours"].algorithm == found.algorithm and opened.runs["GRPO"].updates_per_rollout == 16


def test_a_soft_overlong_punishment_of_trl_is_found_in_the_program():
    text = (
        "config = GRPOConfig(num_generations=8, reward_weights=[1.0, 0.5])\n"
        "funcs = [f, get_soft_overlong_punishment(max_completion_len=20480, soft_punish_cache=4096)]"
    )
    found = read_settings(text)
    assert found.algorithm.overlong == "soft" and found.algorithm.overlong_penalty == 0.5
    assert "4096 of 20480 tokens became" in notes(found)


@pytest.mark.parametrize("data, said", [
    ("", "nothing to read"), (b" \n", "nothing to read"), (pickle.dumps({"loss_type": "dapo"}), "pickled"),
    (b"PK\x03\x04archive/data.pkl", "pickled"),
    ("x" * 2_000_000, "are read"), ("hello world", "No settings were recognised"), ("a: 1\nb: 2\n", "name neither"),
    ("algorithm.adv_estimator=gae data.train_batch_size=8", "trains a critic"), ("algorithm.adv_estimator=grpo",
    "a single completion per prompt"),
    ("--advantage_estimator reinforce --n_samples_per_prompt 8", "trains a critic"),
])  # fmt: skip
def test_what_cannot_be_read_costs_one_sentence(data, said):
    with pytest.raises(Refused, match=said):
        read_settings(data)


def test_a_file_that_grows_without_bound_when_its_aliases_are_followed_is_read_in_no_time():
    bomb = "a0: &a0 {x: 1, y: 2}\n" + "".join(f"a{n}: &a{n} {{x: *a{n - 1}, y: *a{n - 1}, z: *a{n - 1}}}\n" for n in range(1, 40))
    assert read_settings(bomb + "loss_type: dapo\nnum_generations: 8\n", framework="trl").framework == "TRL"


PIECES = st.sampled_from(["loss_type", "epsilon", "=", ": ", "--", "actor_rollout_ref.rollout.n", "8", "{", "}", "'", '"', "\n", " ",
    "$((", "))", "${n", "GRPOConfig(", ")", "- ", "&a", "*a", "1e999", "null", "algorithm.adv_estimator=grpo"])  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.text(max_size=300), st.lists(PIECES, max_size=40).map("".join)))
def test_any_text_is_an_algorithm_or_one_sentence(data):
    for framework in (None, "trl", "verl", "openrlhf"):
        try:
            found = read_settings(data, framework=framework)
        except Refused as refused:
            assert str(refused.sentence)
        else:
            assert isinstance(found, Imported)
            scenario = next(iter(SCENARIOS.values()))
            found.beside(scenario)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(
    st.sampled_from([*TRL, "gradient_accumulation_steps", "steps_per_generation", "generation_batch_size", "delta", "temperature",
    "max_grad_norm", "reward_weights"]),
    st.one_of(st.integers(-10**15, 10**15), st.floats(), st.text(max_size=8), st.none(), st.booleans(), st.lists(st.integers(),
    max_size=3)), min_size=1,
))  # fmt: skip
def test_any_values_are_an_algorithm_that_trains_or_one_sentence(values):
    found = read_settings(json.dumps(values), framework="trl")
    found.beside(next(iter(SCENARIOS.values())))


def test_dapos_preset_is_what_its_own_settings_say():
    assert techniques_of(DAPO) == ["Clip-Higher", "Token-level loss", "Dynamic sampling", "Overlong shaping"]


def test_arguments_in_a_tensorboard_file_are_read_and_a_file_without_them_costs_one_sentence(tmp_path):
    """transformers' TensorBoardCallback writes them with add_text("args", …)."""
    from torch.utils.tensorboard import SummaryWriter

    for name, tag in (("with", "args"), ("without", "notes")):
        with SummaryWriter(str(tmp_path / name)) as writer:
            writer.add_scalar("loss", 0.5, 1)
            writer.add_text(tag, json.dumps(TRL, indent=2))
    file = next((tmp_path / "with").iterdir()).read_bytes()
    assert read_settings(file).algorithm.eps_high == 0.28
    with pytest.raises(Refused, match="holds no arguments"):
        read_settings(next((tmp_path / "without").iterdir()).read_bytes())
    with pytest.raises(Refused, match="holds no arguments"):
        read_settings(file[:100])


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_side_of_every_scenario_goes_out_and_comes_in_again_as_far_as_it_can_be_said(name):
    scenario = SCENARIOS[name]
    for run in scenario.runs().values():
        for target in TARGETS:
            try:
                text = recipe_text(write_recipe(run, target), "A", name)
            except ConfigError as error:
                assert "must be empty for an export" in str(error) or "must be 1 for an export" in str(error)
                continue
            found = read_settings(text, base=run)
            assert (found.algorithm.eps_low, found.algorithm.eps_high) == (run.algorithm.eps_low, run.algorithm.eps_high)
            assert (
                found.sizes["updates_per_rollout"] == run.updates_per_rollout and found.algorithm.kl_coef == run.algorithm.kl_coef
            )
