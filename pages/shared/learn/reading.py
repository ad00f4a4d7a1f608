"""The parts that only the page *Reading the metrics* has: the data of its figure, the rules that interpret a value, and a card per metric.

Definitions come from core.analysis.metrics, curves from training (core.data.comparison and core.data.recorded), words from the page's text.
"""

from __future__ import annotations

import html
from base64 import b64encode
from functools import cache

import streamlit as st

from core.analysis.detectors import ENTROPY_COLLAPSE_FRACTION
from core.analysis.metrics import METRIC_NAMES
from core.data.recorded import curve
from core.settings.algorithm import DAPO
from pages.shared.learn.metric_words import BY_NAME, title
from pages.shared.learn.page import LearnPage

SIDES = ("GRPO", "DAPO")
WIDTH, HEIGHT, GREY = 300, 64, "#6f8299"  # of the small curves

# How the figure interprets a value: by the first bound that it is below; the last entry has no bound. `relative`: as a multiple of the start.
RULES: dict[str, tuple[bool, tuple[tuple[float | None, str], ...]]] = {
    "entropy_nats": (True, ((ENTROPY_COLLAPSE_FRACTION, "low"), (0.8, "narrower"), (1.25, "steady"), (None, "wider"))),
    "grad_norm": (True, ((0.2, "faint"), (0.7, "weaker"), (1.5, "steady"), (None, "stronger"))),
    "loss": (False, ((None, "any"),)),
    "accuracy": (False, ((0.3, "low"), (0.6, "half"), (None, "high"))),
    "reward_mean": (False, ((0.3, "low"), (0.6, "half"), (None, "high"))),
    "reward_trained_mean": (False, ((None, "any"),)),
    "filter_ratio": (False, ((0.001, "none"), (0.6, "some"), (0.85, "much"), (None, "most"))),
    "all_wrong_fraction": (False, ((0.15, "few"), (0.35, "some"), (None, "many"))),
    "all_right_fraction": (False, ((0.15, "few"), (0.35, "some"), (None, "many"))),
    "zero_advantage_fraction": (False, ((0.15, "few"), (0.35, "some"), (None, "many"))),
    "clip_fraction_low": (False, ((0.0005, "idle"), (0.05, "some"), (None, "much"))),
    "clip_fraction_high": (False, ((0.0005, "idle"), (0.05, "some"), (None, "much"))),
    "upclipped_prob_mean": (False, ((0.2, "rare"), (None, "common"))),
    "ratio_max": (False, ((1.2, "inside"), (2.0, "outside"), (None, "far"))),
    "completion_tokens_mean": (True, ((0.8, "shorter"), (1.2, "steady"), (None, "longer"))),
    "truncated_fraction": (False, ((0.05, "few"), (0.2, "some"), (None, "many"))),
    "generation_rounds": (False, ((1.5, "once"), (0.9 * DAPO.max_rounds, "several"), (None, "cap"))),
    "eval_accuracy": (False, ((0.3, "low"), (0.6, "half"), (None, "high"))),
    "kl_base": (False, ((0.1, "near"), (1.0, "away"), (None, "far"))),
}

# Metrics that belong together, and for each the runs in which it looks well and ill: (scenario, side), or None.
SCENARIO = "sample-efficiency"  # of the figure
GRPO_, DAPO_ = ((SCENARIO, side) for side in SIDES)
LAB, REPAIRED, EPOCHS = ("lab", "GRPO"), ("lab-repaired", "GRPO"), ("clip-higher-helps", "eps_high 0.28")
RUNAWAY, RAMP = ("length-runaway", "Sequence mean"), ("length-runaway", "Sequence mean + overlong")
FAMILIES: dict[str, dict[str, tuple]] = {
    "learning": {
        "eval_accuracy": (("addition", "DAPO"), ("addition", "GRPO")),
        "accuracy": (DAPO_, GRPO_),
        "reward_mean": (DAPO_, GRPO_),
        "reward_trained_mean": (GRPO_, DAPO_),
        "loss": (DAPO_, GRPO_),
    },
    "signal": {
        "all_wrong_fraction": (DAPO_, ("addition", "GRPO")),
        "all_right_fraction": (DAPO_, GRPO_),
        "zero_advantage_fraction": (DAPO_, GRPO_),
        "filter_ratio": (DAPO_, ("lab", "DAPO")),
        "generation_rounds": (GRPO_, DAPO_),
        "grad_norm": (DAPO_, GRPO_),
    },
    "exploring": {
        "entropy_nats": (DAPO_, GRPO_),
        "kl_base": (("addition", "DAPO"), ("addition", "GRPO")),
    },
    "steps": {
        "ratio_max": (EPOCHS, LAB),
        "clip_fraction_high": (EPOCHS, LAB),
        "clip_fraction_low": (EPOCHS, LAB),
        "upclipped_prob_mean": (EPOCHS, None),
    },
    "length": {
        "completion_tokens_mean": (RAMP, RUNAWAY),
        "truncated_fraction": (RAMP, RUNAWAY),
    },
}


@cache
def scrubbed() -> dict:
    """For the figure: every metric of the shipped runs as [[update, value], …] per side, and the rule by which it is read."""
    found = {}
    for name in METRIC_NAMES:
        relative, steps = RULES[name]
        curves = {side: [list(point) for point in curve(SCENARIO, side, name)] for side in SIDES}
        metric = BY_NAME[name]
        about = {"unit": metric.unit, "definition": metric.definition}
        found[name] = {**about, "relative": relative, "steps": [list(step) for step in steps], **curves}
    return found


def cards(page: LearnPage) -> None:
    """Every metric: what it is, two curves, what it is called elsewhere; one fold per family."""
    words = page.words("metrics")
    for family, metrics in FAMILIES.items():
        with st.expander(words[f"family.{family}"], icon=":material/monitoring:"):
            for name, examples in metrics.items():
                _card(page, words, name, examples)


def _card(page: LearnPage, words: dict[str, str], name: str, examples: tuple) -> None:
    metric = BY_NAME[name]
    measured = words[f"per.{metric.level}"]
    equation = f" {words['equation']}: {metric.equation}." if metric.equation else ""
    asked = f"{metric.definition[0].upper()}{metric.definition[1:]}."
    page.say(f"#### {title(name)}\n\n{asked} {words['over']}: {metric.population}.{equation}")
    st.caption(f"`{name}`, {words['unit']}: {metric.unit}, {measured}")
    top = max((value for example in examples if example for _, value in curve(*example, name)), default=1.0)
    low = min((value for example in examples if example for _, value in curve(*example, name)), default=0.0)
    for column, example, kind in zip(st.columns(2, gap="medium"), examples, ("healthy", "sick"), strict=True):
        with column:
            if example is not None:
                st.html(small_curve(curve(*example, name), f"{example[0]}, {example[1]}", (min(0.0, low), top), words))
            page.say(f"**{words[kind]}.** {words[f'{name}.{kind}']}")
    page.say(f"TRL: {words[f'{name}.trl']} · verl: {words[f'{name}.verl']}")


def small_curve(points: tuple, label: str, bounds: tuple[float, float], words: dict[str, str]) -> str:
    """A curve as a picture a few lines high, with its first and last value in words. `bounds` of the y-axis are shared by curves that are
    compared. It is an image because Streamlit leaves no drawing in HTML; its grey can be seen on both of its backgrounds."""
    (low, high), first, last = bounds, points[0], points[-1]
    across, up = max(last[0] - first[0], 1), (high - low) or 1
    path = " ".join(f"{(u - first[0]) / across * WIDTH:.1f},{HEIGHT - 3 - (v - low) / up * (HEIGHT - 6):.1f}" for u, v in points)
    drawing = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">'
        f'<path d="M0 {HEIGHT - 0.5}H{WIDTH}" stroke="{GREY}" stroke-opacity="0.5"/>'
        f'<polyline points="{path}" fill="none" stroke="{GREY}" stroke-width="2" stroke-linejoin="round"/></svg>'
    )
    said = html.escape(f"{label}: {_short(first[1])} → {_short(last[1])}")
    spoken = f"{html.escape(words['curve'])} {said}, {html.escape(words['updates'])} {first[0]}–{last[0]}"
    source = b64encode(drawing.encode()).decode()
    return (
        f'<img alt="{spoken}" src="data:image/svg+xml;base64,{source}" style="display:block;width:100%;max-width:{WIDTH}px">'
        f'<div style="font-size:0.8rem;font-variant-numeric:tabular-nums" aria-hidden="true">{said}</div>'
    )


def _short(value: float) -> str:
    """Three digits, or four decimals where that is shorter: 0.527, 0.0000."""
    shown = f"{value:.4f}" if 0 < abs(value) < 1e-3 else f"{value:.3g}"
    return shown.replace("-0.0000", "0.0000").replace("-", "−")
