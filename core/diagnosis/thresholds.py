"""Every number on which a verdict depends, with its reason."""

from __future__ import annotations

from dataclasses import dataclass

from core.analysis.detectors import ENTROPY_COLLAPSE_FRACTION, SOLVED_FRACTION


@dataclass(frozen=True)
class Threshold:
    value: float
    reason: str


THRESHOLDS: dict[str, Threshold] = {
    "window_rows": Threshold(8, "fewer rows are no window: two rows that happen to be 0 must not decide"),
    "window_updates": Threshold(16, "with one row per update, a window holds at least two rollouts of eight updates"),
    "window_share": Threshold(1 / 16, "of the run: a collapse in the last eighth fills two windows"),
    "trend_rows": Threshold(12, "measurements below which a third of the run is under four, and no trend can be told from noise"),
    "trend_degree": Threshold(3, "of the curve taken out of a third of the run to measure its scatter: learning is no straight line"),
    "start_rows": Threshold(3, "rows taken for the beginning where a whole window would reach into the fall"),
    "errors": Threshold(3.0, "standard errors by which two parts differ before it is called a change"),
    "peak_errors": Threshold(4.0, "the peak is the best of many windows, which alone is worth about two standard errors"),
    "zero": Threshold(1e-9, "a gradient norm below it is 0 that went through a float"),
    "zero_share": Threshold(0.8, "share of gradients that are exactly 0: of a mean, one lone spike would hide them"),
    "signal": Threshold(0.5, "share of groups without signal up to which a minibatch without any is no accident"),
    "gradient_live": Threshold(0.05, "of the first rows' norm; a smaller one is none beside it"),
    "gradient_vanished_share": Threshold(0.25, "share of the last rows that have a gradient; the Lab's own runs count updates, one of five"),
    "gradient_vanished": Threshold(0.2, "mean of the last rows ÷ that of the first: rows that are means of many updates are seldom 0"),
    "gradient_gaps": Threshold(0.65, "share of the last rows that have a gradient, where their mean is small as well …"),
    "gradient_gaps_mean": Threshold(0.3, "… beside that of the first"),
    "gradient_capped": Threshold(2.0, "times the first rows' norm; what is above counts as that, or one spike would pass for a gradient"),
    "gradient_growing": Threshold(3.0, "times the first window's median; healthy runs stay within a factor of two"),
    "gradient_spike": Threshold(10.0, "times the median of the window around it"),
    "gradient_spike_share": Threshold(0.02, "share of rows; a rarer spike is clipped away and told as a note"),
    "gradient_absurd": Threshold(1e4, "no loss of order 1 has such a gradient: measured wrongly, or overflown"),
    "gradient_clip": Threshold(1.0, "max_grad_norm of TRL, verl, ms-swift and OpenRLHF where nothing else is set"),
    "clipped_share": Threshold(0.95, "share of rows above max_grad_norm that counts as all the time"),
    "entropy_collapse": Threshold(ENTROPY_COLLAPSE_FRACTION, "of the first window's median, as the Lab's own runs are judged"),
    "entropy_none": Threshold(0.01, "nats; below it a ratio of entropies is a ratio of rounding errors"),
    "stands": Threshold(0.15, "of the whole run's gain: less, since the entropy fell, is standing still"),
    "entropy_explosion": Threshold(2.0, "times the first window's median, and the reward not rising"),
    "solved": Threshold(SOLVED_FRACTION, "share right above which there is little left to learn"),
    "hopeless": Threshold(0.1, "share right below which groups without signal are mostly all wrong"),
    "no_signal": Threshold(1 / 3, "share of groups without signal worth a change of the set-up; up to 0.3 is found in runs that learn well"),
    "no_signal_bound": Threshold(0.2, "the same where only a lower bound is logged: steps in which no group had a signal"),
    "no_signal_fault": Threshold(0.6, "more than half of what is generated teaches nothing"),
    "refilled": Threshold(0.8, "share of groups dropped by dynamic sampling: five times the samples of plain GRPO"),
    "kl_start": Threshold(0.2, "nats per token in the first rows: the reference is not the model that the run began from"),
    "kl_runaway": Threshold(1.0, "nats per token: the text is no longer the base model's"),
    "kl_growth": Threshold(5.0, "times the first window's median"),
    "kl_far": Threshold(3.0, "nats per token: no reference that a run begins from is so far away"),
    "kl_absurd": Threshold(100.0, "nats per token; the estimator's exponential has overflown"),
    "stale": Threshold(0.1, "nats per token to the policy that generated: far outside of what a clip of 0.2 lets through"),
    "mismatch_kl": Threshold(0.02, "nats per token between engines; sound set-ups are below 0.005"),
    "mismatch_difference": Threshold(0.1, "mean difference of a token's log-probability between engines"),
    "mismatch_probability": Threshold(0.03, "mean difference of a token's probability between engines"),
    "mismatch_growth": Threshold(3.0, "times the first window's median: it gets worse with training"),
    "clip_much": Threshold(0.3, "share of tokens that the clip stops; usual are below 0.05"),
    "truncated": Threshold(0.3, "share of completions cut: every third answer cannot be right"),
    "truncated_growth": Threshold(0.15, "growth of the cut share from the first window to the last"),
    "length_growth": Threshold(1.5, "times the first window's length"),
    "length_growth_uncut": Threshold(4.0, "times the first window's length where the log has no share of cut completions"),
    "length_collapse": Threshold(1 / 3, "of the first window's length"),
    "reward_drop": Threshold(0.2, "of the larger of the peak's height and the reward's own range"),
    "fall_rows": Threshold(4, "rows of a window in which the peak is looked for: a peak at the beginning is short, and its height has an error"),
    "eval_errors": Threshold(3.0, "times the evaluations' scatter from one to the next"),
    "idle_part": Threshold(0.1, "of the total reward: a part that small has not been learned"),
    "eval_least": Threshold(0.05, "of a share of right answers: 400 held-out prompts alone scatter by 0.025"),
    "eval_drop": Threshold(0.1, "of the larger of the best evaluation and the evaluations' range, in the last two"),
    "noise": Threshold(0.15, "a change smaller than this share of the reward's range, or of its height, could not be seen: the noise hides it"),
    "part_drop": Threshold(0.3, "of a reward's part, while the total rises"),
    "learning_rate_end": Threshold(0.02, "of the largest learning rate"),
    "loss_zero": Threshold(1e-3, "a loss that is printed as 0"),
}  # fmt: skip


def limit(name: str) -> float:
    return THRESHOLDS[name].value
