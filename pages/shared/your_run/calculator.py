"""The calculator: what groups without a signal cost, and what a larger group, another mix of prompts or a filter would change."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import streamlit as st

from core.analysis.charts.chart import Chart, inked
from core.analysis.charts.dead_groups import dead_group_chart
from core.analysis.csv_files import safe_table
from core.analysis.markdown import plain
from core.diagnosis import evidence_of_log
from core.diagnosis.calculator import (
    GROUP_SIZES,
    BatchCost,
    PassRates,
    batch_cost,
    filtered,
    measured_rates,
    shifted,
    spread_rates,
)
from core.logs import LogRun
from core.settings.fields import ConfigError, short
from pages.shared.common.chart_view import show_chart
from pages.shared.common.folded import folded
from pages.shared.common.theme import dark_theme
from pages.shared.common.trouble import sentence

MIX = 1.0  # logits by which a mix is made easier or harder
TRIES = 8
LAST = 6  # a log's pass rate is the mean of the last one in so many of its rows
START = {"rate": 0.3, "spread": 0.3, "group": 8, "prompts": 32, "tokens": 500}


def calculator(mark: str = "", run: LogRun | None = None) -> None:
    """`run`: a log whose reward, if it is a share of right answers, and lengths are the first values; `mark` is what is shown of it."""
    with folded("What do groups without a signal cost?", icon=":material/calculate:", key="your_run:calculator") as drawn:
        if drawn:
            _asked(f"calculator:{mark}", START | (known(run) if run is not None else {}))


def known(run: LogRun) -> dict[str, float]:
    """What a log tells: its pass rate and the length of its completions lately."""
    evidence = evidence_of_log(run)
    found = {"rate": evidence.share_right, "tokens": evidence.get("completion_tokens_mean")}
    return {
        name: float(series.values[-max(1, len(series) // LAST) :].mean()) for name, series in found.items() if series is not None
    }


def _asked(key: str, first: dict[str, float]) -> None:
    one, two, three, four, five = st.columns(5)
    rate = one.slider("Mean pass rate", 0.0, 1.0, min(1.0, max(0.0, first["rate"])), 0.01, key=f"{key}:rate")
    spread = two.slider(
        "Spread of pass rates", 0.0, 1.0, first["spread"], 0.05, key=f"{key}:spread",
        help="0: every prompt has the mean rate. 1: each is always or never solved. A beta distribution between.",
    )  # fmt: skip
    group = three.select_slider("Group size", GROUP_SIZES, first["group"], key=f"{key}:group")
    prompts = four.number_input("Prompts per batch", 1, 4096, first["prompts"], key=f"{key}:prompts")
    tokens = five.number_input("Tokens per completion", 1, 1_000_000, max(1, round(first["tokens"])), key=f"{key}:tokens")
    own = st.text_input(
        "Or the pass rates of your own prompts", placeholder="0.1, 0.25, 0, 0.9, …", key=f"{key}:own",
        help="Right answers ÷ tries of each prompt, separated by commas or spaces. They take the place of the two sliders.",
    )  # fmt: skip
    try:
        rates = measured_rates(read_rates(own)) if own.strip() else spread_rates(rate, spread)
    except ConfigError as error:
        st.error(plain(sentence(str(error))), icon=":material/block:")
        return
    cost = batch_cost(rates, group, prompts, tokens)
    st.markdown(_told(cost))
    left, right = st.columns([1, 1.2])
    with left:
        show_chart(inked(_surface(rates, cost), dark=dark_theme()))
    with right:
        st.markdown("#### What would change it  \n:small[to fill one batch with dynamic sampling]")
        st.dataframe(safe_table(_choices(rates, cost, prompts, tokens)), hide_index=True)
        _say_filter(rates, cost, prompts, tokens)


def read_rates(text: str) -> np.ndarray:
    """The numbers of a text, separated by commas, semicolons or white space. ConfigError if something else is in it."""
    try:
        return np.array([float(part) for part in re.split(r"[,;\s]+", text.strip()) if part])
    except ValueError:
        raise ConfigError(
            f"pass rates must be numbers between 0 and 1, got {short(repr(text))}; separate them by commas or spaces"
        ) from None


def _told(cost: BatchCost) -> str:
    share = f"**{cost.dead:.0%} of the groups** carry no signal: {cost.all_wrong:.0%} all wrong, {cost.all_right:.0%} all right."
    if not np.isfinite(cost.rounds):
        return f"{share} No number of rounds fills a batch."
    return (
        f"{share} Without dynamic sampling a batch trains on {1 - cost.dead:.0%} of what was generated. With it a batch takes "
        f"**{cost.rounds:.1f} rounds**, {cost.completions:,.0f} completions and {cost.tokens:,.0f} tokens."
    )


def _surface(rates: PassRates, cost: BatchCost) -> Chart:
    """Over other mean pass rates with the spread that `rates` have."""
    across = np.linspace(0.0, 1.0, 41)
    shares = [[sum(spread_rates(float(p), rates.spread).dead_shares(size)) for p in across] for size in GROUP_SIZES]
    return dead_group_chart(across, np.array(GROUP_SIZES), np.array(shares), (rates.mean, cost.group_size, cost.dead))


def _choices(rates: PassRates, cost: BatchCost, prompts: int, tokens: float) -> pd.DataFrame:
    larger = min((size for size in GROUP_SIZES if size > cost.group_size), default=cost.group_size)
    found = {
        "As it is": cost,
        f"Groups of {larger}": batch_cost(rates, larger, prompts, tokens),
        "An easier mix of prompts": batch_cost(shifted(rates, MIX), cost.group_size, prompts, tokens),
        "A harder mix of prompts": batch_cost(shifted(rates, -MIX), cost.group_size, prompts, tokens),
    }
    return pd.DataFrame([
        {
            "choice": name, "without a signal": f"{c.dead:.0%}", "rounds": f"{c.rounds:.1f}", "completions": f"{c.completions:,.0f}",
            "tokens": f"{c.tokens:,.0f}",
        }
        for name, c in found.items()
    ])  # fmt: skip


def _say_filter(rates: PassRates, cost: BatchCost, prompts: int, tokens: float) -> None:
    """A filter before training: tries of every prompt, of which those that were never or always solved are left out."""
    try:
        kept, share = filtered(rates, 0.0, 1.0, TRIES)
    except ConfigError as error:
        st.markdown(plain(sentence(str(error))))
        return
    after = batch_cost(kept, cost.group_size, prompts, tokens)
    st.markdown(
        f"A filter that tries every prompt {TRIES} times and keeps what was solved at least once and not always keeps {share:.0%} of the "
        f"prompts and costs {TRIES * tokens:,.0f} tokens per prompt, once; then {after.dead:.0%} of the groups carry no signal and a batch "
        f"takes {after.rounds:.1f} rounds."
    )
