"""Real logs, each with what is known of it: rows, steps, runs, the metrics' beginnings and ends, and what has to be said."""

import zipfile
from dataclasses import dataclass, field

import numpy as np
import pytest

from core.logs import read_paths
from core.logs.export import log_frame
from tests.core.logs.cases import case, needs_cases, read_case

pytestmark = needs_cases
PARTS = 6


@dataclass(frozen=True)
class Known:
    """`rows` and `steps` of the training table; `ends`: metric -> mean of the first and last sixth, within 5 % or 0.006."""

    file: str
    framework: str
    unit: str
    rows: int
    steps: tuple[int, int]
    ends: dict[str, tuple[float, float]] = field(default_factory=dict)
    evaluations: int = 0
    absent: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    runs: int = 1


KNOWN = [
    Known("01_", "TRL", "update", 1705, (10, 17050), absent=("kl_base", "accuracy"), says=("one row stands for 10 steps",), ends={
        "reward_mean": (2.12, 2.48), "reward_std": (0.43, 0.25), "zero_std_fraction": (0.16, 0.375), "grad_norm": (0.39, 0.31),
        "entropy_nats": (0.76, 0.86), "completion_tokens_mean": (326, 437)}),
    Known("02_", "TRL", "update", 50, (5, 250), absent=("entropy_nats",), ends={
        "truncated_fraction": (0.76, 1.0), "completion_tokens_mean": (454, 512), "clip_fraction": (0, 0), "grad_norm": (0.30, 0.305)}),
    Known("03_", "TRL", "update", 160, (1, 160), evaluations=8, ends={"reward_mean": (-0.58, -0.45), "kl_base": (1.04, 0.98)}),
    Known("05_", "TRL", "update", 300, (2, 600), absent=("entropy_nats", "zero_std_fraction"), ends={
        "reward_mean": (4.1, 4.7), "completion_tokens_mean": (142, 293), "grad_norm": (0.43, 0.165), "reward_std": (1.22, 1.37)}),
    Known("08_", "TRL", "update", 250, (1, 250), ends={"reward_mean": (0.20, 1.60), "completion_tokens_mean": (159, 144)}),
    Known("11_", "TRL", "update", 1, (10, 10), says=("one row only",), ends={
        "truncated_fraction": (0.9125, 0.9125), "zero_std_fraction": (0.45, 0.45), "completion_tokens_mean": (249.7, 249.7)}),
    Known("20_", "TRL", "update", 200, (1, 200), absent=("zero_std_fraction",), says=("the rows are counted",), ends={
        "reward_mean": (0.27, 0.43)}),
    Known("22_", "TRL", "update", 20, (1, 20), runs=2, says=("NaN or infinity was logged for grad_norm", "one after another: 2"), ends={
        "loss": (0, 0), "zero_std_fraction": (0, 0)}),
    Known("23_", "verl", "rollout", 54, (1, 54), ends={"clip_fraction": (0, 0), "kl_old": (0, 0)}),
    Known("25_", "verl", "rollout", 9, (1, 9), evaluations=1, says=("too few rows",), ends={
        "entropy_nats": (0.41, 0.35), "reward_trained_mean": (0.094, 0.977)}),
    Known("30_", "verl", "rollout", 49, (1, 49), ends={"all_wrong_fraction": (1, 1), "entropy_nats": (0.043, 0.043)}),
    Known("31_", "verl", "rollout", 2000, (1, 2000), ends={"entropy_nats": (0.184, 0.47), "all_wrong_fraction": (0.09, 0.03)}),
    Known("40_", "tinker", "rollout", 75, (0, 74), evaluations=4, ends={
        "accuracy": (0.186, 0.427), "entropy_nats": (0.40, 0.286), "zero_std_fraction": (0.305, 0.29), "grad_norm": (0.018, 0.0104)}),
    Known("42_", "tinker", "rollout", 24, (0, 23), runs=2, says=("came again with other values: 1, the first is 0",)),
    Known("45_", "unknown", "update", 30, (1, 30), evaluations=7, says=("training_phase",), ends={"reward_mean": (0.876, 0.870)}),
    Known("46_", "unknown", "update", 30, (1, 30), evaluations=6, ends={"accuracy": (0.92, 0.946), "reward_mean": (0.876, 0.870)}),
    Known("47_", "unknown", "update", 99, (11, 991), says=("891 of 990 rows repeat",), ends={
        "reward_mean": (0.445, 0.488), "reward_std": (0.159, 0.0746)}),
    Known("53_", "ms-swift", "update", 2, (2, 3), says=("ends in the middle of a row",), ends={"grad_norm": (0.0387, 0.0303)}),
    Known("54_", "ms-swift", "update", 2, (1, 2), says=("missing (not 0) elsewhere",), ends={"entropy_nats": (0.82, 0.55)}),
    Known("55_", "ms-swift", "update", 1, (300, 300), says=("NaN or infinity was logged for kl",)),
    Known("56_", "verl", "rollout", 3, (1, 3), ends={"entropy_nats": (0.358, 0.443)}),
    Known("57_", "unknown", "update", 11, (1, 20), evaluations=2, ends={"all_right_fraction": (0, 0), "eval_accuracy": (0.48, 0.47)}),
    Known("50_", "TRL", "update", 250, (1, 250), absent=("grad_norm", "entropy_nats"), ends={"reward_mean": (0.67, 1.87)}),
    Known("60_", "TRL", "update", 20, (1, 20), runs=6, says=("without scalars", "one after another: 6")),
    Known("63_", "TRL", "update", 3, (1, 3), says=("ends in the middle of a row",), ends={"reward_mean": (0.711, 0.887)}),
    Known("64_", "prime-rl", "rollout", 5, (28, 32), absent=("entropy_nats", "grad_norm"), ends={"reward_mean": (0.389, 0.372)}),
    Known("65_", "prime-rl", "rollout", 2, (9, 10), ends={"reward_mean": (0.991, 0.991), "zero_std_fraction": (95 / 128, 96 / 128)}),
    Known("66_", "slime", "update", 2, (1, 28), says=("no reward",), ends={"grad_norm": (2.955e9, 2.217e9), "entropy_nats": (0.618, 0.343)}),
    Known("67_", "slime", "rollout", 1, (0, 0), says=("no reward", "does not say how many groups"), ends={
        "all_wrong_groups": (12, 12), "all_right_groups": (14, 14), "truncated_fraction": (0.465, 0.465)}),
    Known("68_", "verl", "rollout", 1, (34, 34), ends={"reward_trained_mean": (-0.018, -0.018), "completion_tokens_mean": (1267, 1267)}),
    Known("69_", "TRL", "update", 3, (1, 3), says=("missing (not 0) elsewhere",)),
    Known("70_", "verl", "rollout", 1, (83, 83), ends={"reward_trained_mean": (-1, -1), "completion_tokens_mean": (257, 257)}),
    Known("71_", "verl", "rollout", 1, (59, 59), says=("NaN or infinity was logged for actor/kl_loss",)),
]  # fmt: skip


def ends(values: np.ndarray) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    part = max(1, len(finite) // PARTS)
    return finite[:part].mean(), finite[-part:].mean()


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.file)
def test_a_real_log_is_read_as_what_it_is(known):
    reading = read_case(known.file)
    assert len(reading.runs) == known.runs
    run = reading.runs[0]
    assert (run.framework.name, run.step_unit, len(run.steps)) == (known.framework, known.unit, known.rows)
    assert (run.steps[0], run.steps[-1], len(run.evaluation)) == (*known.steps, known.evaluations)
    for metric, expected in known.ends.items():
        assert ends(run.series(metric)) == pytest.approx(expected, rel=0.05, abs=0.006), metric
    assert not set(known.absent) & set(run.metrics)
    said = "\n".join(str(sentence) for sentence in reading.sentences)
    for words in known.says:
        assert words in said


@pytest.mark.parametrize(("file", "words"), [("12_", "no reinforcement learning"), ("39_", "a table of runs")])
def test_what_is_no_history_of_reinforcement_learning_is_refused_in_a_sentence(file, words):
    reading = read_case(file)
    assert reading.runs == () and len(reading.notes) == 1 and words in str(reading.notes[0])


def test_no_mean_length_of_ended_completions_is_0_where_none_ended():
    (run,) = read_case("02_").runs
    ended = run.series("completion_tokens_ended_mean")
    assert run.values("completions/mean_terminated_length").min() == 0
    assert np.isnan(ended).any() and np.nanmin(ended) > 0


def test_a_second_update_of_a_rollout_has_no_reward():
    (run,) = read_case("69_").runs
    assert np.isnan(run.series("reward_mean")).tolist() == [False, True, False]
    assert run.series("clip_fraction")[1] > 0


def test_panels_of_the_same_runs_are_put_together():
    reading = read_case("35_", "36_")
    assert [run.name for run in reading.runs] == ["[paper]GRPO_online", "[paper]GEPO_online", "[paper]GSPO_online"]
    first = reading.runs[0]
    assert ends(first.series("grad_norm")) == pytest.approx((0.11, 0.96), rel=0.05)
    assert first.series("reward_mean")[-1] == pytest.approx(0.4, abs=0.1) and set(first.metrics) == {"grad_norm", "reward_mean"}


def test_restarts_in_one_folder_are_runs_of_their_own():
    runs = read_case("60_").runs
    assert [len(run.steps) for run in runs] == [20, 50, 100, 100, 636, 300] and all(run.steps[0] == 1 for run in runs)


@pytest.mark.parametrize(
    ("file", "rows"), [("22_", [20, 27]), ("42_", [24, 29]), ("35_", [1280, 1295, 1295]), ("36_", [1280, 1295, 1295])]
)
def test_every_run_of_a_log_has_all_its_rows(file, rows):
    assert [len(run.steps) for run in read_case(file).runs] == rows


def test_every_given_log_is_held_to_what_is_known_of_it():
    held = {known.file for known in KNOWN} | {"12_", "39_", "35_", "36_"}
    assert {path.name[:3] for path in case("INDEX").parent.iterdir() if path.name[:1].isdigit()} == held


def test_an_archive_of_real_logs_is_read_like_their_folder(tmp_path):
    with zipfile.ZipFile(tmp_path / "logs.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(case("made").rglob("*")):
            archive.write(path, path.relative_to(case("made").parent))
    folder, archive = read_case("made"), read_paths([tmp_path / "logs.zip"])
    assert len(folder.runs) == len(archive.runs) == 10
    assert {run.metrics for run in folder.runs} == {run.metrics for run in archive.runs}


def test_tensorboard_says_what_the_other_files_of_the_training_say():
    (lines,) = read_case("made/verl_dapo.jsonl").runs
    (events,) = read_case("made/verl_dapo_tensorboard").runs
    for metric in lines.metrics:
        np.testing.assert_allclose(events.series(metric), lines.series(metric), rtol=1e-6, err_msg=metric)


@pytest.mark.parametrize("name", ["trl_coin", "trl_const", "trl_healthy"])
def test_the_console_and_the_state_of_one_training_say_the_same(name):
    (state,) = read_case(f"made/{name}.trainer_state.json").runs
    (console,) = read_case(f"made/{name}.console.log").runs
    assert state.steps.tolist() == console.steps.tolist() == list(range(1, 61))
    assert np.isfinite(state.series("reward_mean")).sum() == 15  # four updates per rollout
    for metric in state.metrics:
        np.testing.assert_allclose(console.series(metric), state.series(metric), rtol=1e-3, atol=1e-3, err_msg=metric)


def test_the_console_and_the_file_logger_of_one_training_say_the_same():
    (lines,) = read_case("made/verl_dapo.jsonl").runs
    (console,) = read_case("made/verl_dapo.console.log").runs
    assert len(lines.steps) == 125 and lines.metrics == console.metrics
    for metric in lines.metrics:
        np.testing.assert_allclose(console.series(metric), lines.series(metric), rtol=1e-6, err_msg=metric)


def test_every_run_becomes_a_history_and_a_table():
    for known in KNOWN:
        for run in read_case(known.file).runs:
            history, frame = run.history(), log_frame(run, "")
            assert history.seeds == (0,) and set(run.steps) <= set(history.updates.tolist()) and len(frame) == len(history)
            for metric in set(run.metrics) & {"loss", "reward_mean", "entropy_nats"}:
                measured = history.metric(metric)[:, 0]
                np.testing.assert_array_equal(measured[~np.isnan(measured)], run.series(metric)[~np.isnan(run.series(metric))])
