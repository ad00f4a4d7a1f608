"""Every rule on a run with the disease, on one without it, and on one that cannot tell."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from core.diagnosis import CONDITION, NOTE, diagnose, told
from core.diagnosis.tell import kinds
from tests.core.diagnosis.made import ROWS, ramp, run, then

RNG = np.random.default_rng(7)
FLAT = ramp(0.3, 0.3, noise=0.05, seed=20)
PEAK = then(ramp(0.3, 0.75, seed=21), ramp(0.9, 0.1, seed=22))
SPIKES = ramp(0.3, 0.3, seed=23) * np.where(np.arange(ROWS) % 25 == 24, 30, 1)
SINGLE = 0.3 * RNG.standard_normal(ROWS)
ONE = {"reward_max": np.full(ROWS, 1.0), "reward_min": np.full(ROWS, -1.0)}


@dataclass(frozen=True)
class Case:
    """`sick` has the disease (since about step `since`), `dark` is a log that cannot tell; the healthy run never has it."""

    kind: str
    sick: dict
    dark: dict
    since: int | None = None
    variant: str = ""
    also_healthy: dict = field(default_factory=dict)  # looks like it and is none


LATE = {"rows": slice(100, None)}
FEW = {"rows": slice(0, 6)}
CASES = (
    Case("entropy_collapse", {"entropy_nats": then(0.8, 0.1), "reward_mean": FLAT}, LATE, 101,
         also_healthy={"entropy_nats": ramp(0.8, 0.1)}),
    Case("entropy_explosion", {"entropy_nats": then(0.8, 3.0), "reward_mean": FLAT}, LATE, 101,
         also_healthy={"entropy_nats": ramp(0.15, 0.5)}),
    Case("gradient_vanished", {"grad_norm": then(0.3, 0.0), "zero_std_fraction": then(0.2, 1.0), "reward_mean": FLAT},
         {"without": ("grad_norm",)}, 101, "zero"),
    Case("gradient_vanished", {"grad_norm": then(0.3, 0.03), "reward_mean": FLAT}, LATE, 101, "faded",
         also_healthy={"grad_norm": ramp(0.4, 0.1), "completion_tokens_mean": ramp(100, 350)}),
    Case("gradient_never", {"grad_norm": np.where(np.isin(np.arange(ROWS), (20, 90)), 0.5, 0.0), "zero_std_fraction": 1.0, "reward_mean": FLAT},
         {"without": ("grad_norm",)}, 1, also_healthy={"grad_norm": np.where(np.arange(ROWS) % 10 == 0, 0.0, 0.3)}),
    Case("gradient_zero_with_signal", {"grad_norm": 0.0, "zero_std_fraction": 0.2}, {"without": ("zero_std_fraction",)}, 1),
    Case("gradient_spikes", {"grad_norm": SPIKES}, FEW, 25, "many"),
    Case("gradient_spikes", {"grad_norm": then(0.3, 3e9, 150)}, {"without": ("grad_norm",)}, 151, "absurd"),
    Case("gradient_growing", {"grad_norm": then(0.3, 2.0), "reward_mean": FLAT}, FEW, 101),
    Case("gradient_clipped", {"grad_norm": ramp(5, 6)}, FEW, 1),
    Case("no_signal", {"zero_std_fraction": then(0.1, 0.7)}, {"without": ("zero_std_fraction",)}, 101),
    Case("no_signal", {"reward_std": np.where(np.arange(ROWS) % 5 < 2, 0.0, 0.2), "without": ("zero_std_fraction",)}, FEW, variant="bound"),
    Case("no_signal", {"filter_ratio": 0.9}, {"without": ("filter_ratio",)}, 1, "refilled", also_healthy={"generation_rounds": 1.5}),
    Case("reward_constant", {"reward_mean": 1.0, "zero_std_fraction": 1.0}, {"rows": slice(0, 2)}, 1),
    Case("reward_falls", {"reward_mean": PEAK}, FEW, 130),
    Case("reward_stalled", {"reward_mean": FLAT}, FEW, 1),
    Case("reward_noise", {"reward_mean": RNG.standard_normal(ROWS), "rows": slice(0, 60)}, FEW, 1),
    Case("reward_above_maximum", {"accuracy": then(0.5, 1.2, 190), "reward_mean": FLAT}, {}, 191),
    Case("reward_parts_diverge", {"others": {"rewards/accuracy/mean": ramp(0.3, 0.1), "rewards/format/mean": ramp(0.2, 0.9)}}, FEW, 1),
    Case("eval_falls", {"eval_accuracy": then(ramp(0.3, 0.8), ramp(0.8, 0.3))}, {"without": ("eval_accuracy",)}),
    Case("clip_inactive", {"clip_fraction": 0.0, "kl_old": 0.0}, {"without": ("clip_fraction",)}, 1, "one_update"),
    Case("clip_inactive", {"clip_fraction": 0.0, "kl_old": 0.01}, {"without": ("clip_fraction",)}, 1, "wide"),
    Case("clip_too_much", {"clip_fraction": then(0.02, 0.5)}, FEW, 101),
    Case("stale", {"kl_old": then(0.001, 0.5)}, FEW, 101),
    Case("mismatch", {"mismatch_kl": then(0.001, 0.1)}, {"without": ("mismatch_kl",)}, 101, "grows"),
    Case("length_runaway", {"truncated_fraction": then(0.05, 0.8), "completion_tokens_mean": then(300, 500), "reward_mean": FLAT}, FEW, 101,
         also_healthy={"completion_tokens_mean": ramp(142, 293)}),
    Case("truncation", {"truncated_fraction": 0.9}, {"without": ("truncated_fraction",)}, 1,
         also_healthy={"truncated_fraction": np.clip(ramp(0.73, 0.03), 0, 1)}),
    Case("length_collapse", {"completion_tokens_mean": then(300, 20), "reward_mean": FLAT}, LATE, 101,
         also_healthy={"completion_tokens_mean": ramp(3500, 980)}),
    Case("kl_runaway", {"kl_base": then(0.05, 3.0), "reward_mean": FLAT}, FEW, 101),
    Case("kl_from_start", {"kl_base": 1.0}, LATE, 1),
    Case("diverged", {"grad_norm": then(0.3, np.nan)}, {"without": ("grad_norm",)}, 101),
    Case("learning_rate_zero", {"learning_rate": 0.0}, {"without": ("learning_rate",)}, 1),
    Case("learning_rate_schedule", {"learning_rate": np.linspace(1e-6, 0, ROWS)}, {"without": ("learning_rate",)}),
    Case("single_answer", {"advantage_mean": SINGLE, "reward_mean": SINGLE, **ONE, "advantage_max": 1.0, "advantage_min": -1.0}, {}, 1),
    Case("loss_near_zero", {"loss": 0.0}, {"without": ("loss",)}, 1),
)  # fmt: skip


def named(evidence) -> set[str]:
    return {finding.kind for finding in diagnose(evidence)}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}-{case.variant}")
def test_the_disease_is_found_where_it_is(case):
    found = [f for f in diagnose(run(**case.sick)) if f.kind == case.kind]
    assert len(found) == 1 and (not case.variant or found[0].variant == case.variant)
    assert case.since is None or abs(found[0].since_step - case.since) <= 20
    assert found[0].marks and told(found[0], "TRL").seen


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}-{case.variant}")
def test_a_log_that_cannot_tell_claims_nothing(case):
    changed = {name: values for name, values in case.sick.items() if name not in case.dark.get("without", ())}
    if not case.dark:
        changed = {name: values for name, values in changed.items() if name not in ("advantage_mean", "accuracy")}
    assert case.kind not in named(run(**(changed | case.dark)))


@pytest.mark.parametrize("case", [c for c in CASES if c.also_healthy], ids=lambda case: f"{case.kind}-{case.variant}")
def test_what_looks_like_it_is_none(case):
    found = diagnose(run(**case.also_healthy))
    assert case.kind not in {f.kind for f in found if f.severity != NOTE} and "healthy" in {f.kind for f in found}


def test_a_healthy_run_is_told_to_be_healthy_and_nothing_else():
    assert named(run()) == {"healthy"}


def test_every_kind_of_the_texts_has_a_case():
    assert set(kinds()) == {case.kind for case in CASES} | {"healthy", "no_learning", "cannot_show", "metrics_missing"}


def test_no_disease_and_no_learning_is_an_answer():
    assert "no_learning" in named(run(reward_mean=FLAT))


@pytest.mark.parametrize("changed", [{"without": ("reward_mean",)}, {"rows": slice(0, 8)}])
def test_a_file_that_cannot_show_it_says_so(changed):
    assert "cannot_show" in named(run(**changed)) and "healthy" not in named(run(**changed))


def test_what_is_missing_is_named():
    (found,) = [f for f in diagnose(run(without=("entropy_nats", "eval_accuracy"))) if f.kind == "metrics_missing"]
    assert found.facts["names"] == "entropy, evaluation on held-out prompts"


def test_two_lone_gradients_among_zeros_hide_nothing():
    gradient = np.zeros(ROWS)
    gradient[[20, 23]] = 5.0
    assert "gradient_never" in named(run(grad_norm=gradient, zero_std_fraction=1.0))


def test_the_cost_is_the_share_of_tokens_that_taught_nothing():
    # Half of the steps have no signal, and their completions are three times as long: 3 · 100 ÷ (3 · 100 + 1 · 100) = 0.75.
    found = diagnose(run(zero_std_fraction=then(0.0, 1.0), completion_tokens_mean=then(100, 300), others={"step_time": 2.0}))
    (cost,) = [f.cost for f in found if f.kind == "no_signal"]
    assert cost.share == pytest.approx(0.75) and cost.seconds == pytest.approx(200.0)


def test_the_group_size_that_mends_it():
    # p = 0.3: 0.3^8 + 0.7^8 = 0.058 is the first below a tenth; 0.3^4 + 0.7^4 = 0.248.
    (found,) = [f for f in diagnose(run(reward_mean=FLAT, zero_std_fraction=0.5)) if f.kind == "no_signal"]
    assert found.facts["group_size"] == 8 and found.facts["times"] == "2"


SOLVED = ramp(0.5, 1.0, noise=0.0)


@pytest.mark.parametrize("gradient", [then(0.3, 0.0), then(0.3, 0.01)], ids=["exactly 0", "faded"])
def test_a_gradient_that_is_gone_because_the_prompts_are_solved_is_no_fault(gradient):
    right = np.clip(SOLVED * 1.1, 0, 1)
    kinds = named(run(grad_norm=gradient, reward_mean=right, zero_std_fraction=then(0.2, 1.0)))
    assert "gradient_vanished" not in kinds and "healthy" in kinds


def test_a_gradient_that_few_of_the_last_updates_have_has_vanished_however_large_theirs_is():
    rare = then(0.3, 0.0) + 0.9 * ((np.arange(ROWS) > 100) & (np.arange(ROWS) % 8 == 0))
    assert "gradient_vanished" in named(run(grad_norm=rare, reward_mean=FLAT))


def test_rewards_that_differ_by_chance_among_equal_answers_are_no_fault_of_the_software():
    # It had a gradient first: what is frozen or not connected never has one.
    kinds = named(run(grad_norm=then(0.3, 0.0), entropy_nats=then(0.8, 0.001), reward_mean=FLAT))
    assert "gradient_zero_with_signal" not in kinds and {"gradient_vanished", "entropy_collapse"} <= kinds


def test_entropy_that_is_low_while_the_reward_rises_at_last_is_no_collapse():
    late = np.concatenate([np.full(120, 0.3), np.linspace(0.3, 0.8, 80)]) + 0.02 * np.random.default_rng(5).standard_normal(ROWS)
    assert "entropy_collapse" not in named(run(entropy_nats=then(0.8, 0.1), reward_mean=late))


def test_evaluations_that_are_all_the_same_do_not_fall():
    assert "eval_falls" not in named(run(eval_accuracy=np.zeros(ROWS)))


def test_the_epoch_of_a_console_without_steps_tells_that_its_beginning_is_missing():
    changed = {"entropy_nats": then(0.8, 0.1), "reward_mean": FLAT}
    first, later = (np.linspace(begin, begin + 2, ROWS) for begin in (0.01, 1.0))
    assert "entropy_collapse" in named(run(**changed, others={"epoch": first}))
    assert "entropy_collapse" not in named(run(**changed, others={"epoch": later}))


def test_a_clip_that_stops_much_while_the_reward_rises_is_a_note():
    much = then(0.02, 0.5)
    found = {
        f.kind: f.severity for f in (*diagnose(run(clip_fraction=much)), *diagnose(run(clip_fraction=much, reward_mean=FLAT)))
    }
    assert found["clip_too_much"] == CONDITION and "healthy" in named(run(clip_fraction=much))


def test_one_answer_per_prompt_is_told_where_the_smallest_reward_is_0():
    rewards = ramp(0.2, 0.7, noise=0.05, seed=1)
    same = {"reward_max": 1.0, "reward_min": 0.0, "advantage_mean": rewards, "advantage_max": 1.0, "advantage_min": 0.0}
    assert "single_answer" in {finding.kind for finding in diagnose(run(**same))}
    assert "single_answer" not in {finding.kind for finding in diagnose(run(**{**same, "advantage_min": -0.5}))}


def test_a_runaway_from_the_base_model_is_told_though_the_reward_rose_before_it_fell():
    reward = np.where(np.arange(ROWS) < 100, ramp(0.2, 0.6), ramp(0.75, 0.25))
    away = {"kl_base": 0.01 * np.exp(np.linspace(0, 6, ROWS))}
    assert "kl_runaway" in {finding.kind for finding in diagnose(run(reward_mean=reward, **away))}
    assert "kl_runaway" not in {finding.kind for finding in diagnose(run(**away))}


def test_a_run_that_collapsed_and_learns_no_more_is_not_called_healthy():
    reward = np.where(np.arange(ROWS) < 80, ramp(0.2, 0.65, noise=0.05), 0.4 + 0.02 * np.sin(np.arange(ROWS)))
    found = {finding.kind for finding in diagnose(run(reward_mean=reward, entropy_nats=then(ramp(0.8, 0.7), 0.05, at=80)))}
    assert "entropy_collapse" in found and "healthy" not in found
