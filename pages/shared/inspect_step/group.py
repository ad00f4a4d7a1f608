"""One group opened: its completions, every token's part in the loss, and the same group through another algorithm."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.analysis.csv_files import safe_table
from core.analysis.markdown import plain
from core.analysis.result import RunResult
from core.inspection.charts import entropy_chart, token_chart
from core.inspection.differences import batch_difference, difference
from core.inspection.sentences import group_sentence
from core.inspection.step import Step
from core.inspection.tables import completions_table, side_by_side, tokens_table
from core.inspection.treatment import Treatment, other_algorithms, treat
from pages.shared.inspect_step.batch import show
from pages.shared.inspect_step.place import place

NUMBER = st.column_config.NumberColumn
SHARE = {"format": "percent"}
SHOWN = 6  # decimals: single precision does not make two equal weights look different
FEW_ROWS = 16  # are shown without scrolling
COLUMNS = {
    "completion": NUMBER("no.", help="Completion of the group."),
    "cut": st.column_config.CheckboxColumn(help="Ended by the length limit."),
    "right": st.column_config.CheckboxColumn(help="The raw outcome, before noise."),
    "clipped above": NUMBER("clip ▲", help="Tokens that the upper clip stops: likelier already by more than ε_high."),
    "clipped below": NUMBER("clip ▼", help="Tokens that the lower clip stops: rarer already by more than ε_low."),
    "reward noiseless": NUMBER("reward", format="%.3g", help="What the answer earned, before noise and flips."),
    "after noise": NUMBER(format="%.3g", help="With the noise and the flips of the environment."),
    "after shaping": NUMBER(format="%.3g", help="As the algorithm sees it: with its overlong punishment, if it has one."),
    "advantage": NUMBER(
        format="%.3f", help="Reward minus the group's mean, divided by its standard deviation unless that is off."
    ),
    "weight": NUMBER(**SHARE, help="What its tokens' losses count for in the average."),
    "share": NUMBER(**SHARE, help="Of the gradient: |d loss ÷ d log-probability| of its tokens, of all of this update."),
    "old": NUMBER(format="%.4f", help="Probability under the policy that sampled it."),
    "new": NUMBER(format="%.4f", help="Probability under the policy just before this update."),
    "ratio": NUMBER(format="%.4f", help="New ÷ old probability, on which the clip acts."),
    "pull": NUMBER(format="%.2e", help="-d loss ÷ d log-probability: above 0 the update makes the token likelier."),
    "entropy": NUMBER(format="%.3f", help="In nats, of the policy where this token was chosen."),
}


def group_part(step: Step, seen: Treatment, number: int, results: dict[str, RunResult], *, color: str, dark: bool) -> None:
    st.subheader(f"Group {number}")
    st.markdown(plain(group_sentence(step, seen, number)))
    table = completions_table(step, seen, number)
    known = table.drop(columns="trained").dropna(axis="columns", how="all")  # a dropped group has no part in the loss
    st.dataframe(
        safe_table(known.round(SHOWN)), hide_index=True, column_config=COLUMNS, key="inspect:completions", height=_height(table),
        alt=f"The {len(table)} completions of group {number}: text, length, rewards, advantage and part in the loss.")  # fmt: skip
    other, name = _other(results)
    through = treat(step, other)
    _through_other(step, seen, through, number, name)
    _tokens(step, {place().run: seen, name: through}, number, dark=dark)
    show(entropy_chart(step, color=color, number=number, dark=dark), key="inspect:entropy")


def _height(table: pd.DataFrame) -> str:
    return "content" if len(table) <= FEW_ROWS else "auto"


def _other(results: dict[str, RunResult]):
    choices = other_algorithms({label: result.config.algorithm for label, result in results.items()}, place().run)
    st.markdown("#### The same group through another algorithm")
    name = st.selectbox(
        "What would another algorithm have done with it?", list(choices), key="inspect:against", persist_state="page",
        help="Its own shaping, filter, clip and loss on the same completions, by the code of training.")  # fmt: skip
    return choices[name], name


def _through_other(step: Step, own: Treatment, other: Treatment, number: int, name: str) -> None:
    names = place().run, name
    st.markdown(f"**{plain(difference(step, own, other, number, names))}**")
    st.caption(plain(batch_difference(step, own, other, names)))
    if step.groups[number - 1].slot is None:
        return
    table = side_by_side(step, own, other, number, names)
    st.dataframe(
        safe_table(table.reset_index().round(SHOWN)), hide_index=True, key="inspect:sides", height=_height(table),
        column_config=_both(names), alt=f"The completions of group {number} through {names[0]} and through {names[1]}.")  # fmt: skip


def _both(names: tuple[str, str]) -> dict:
    looks = {"reward": {"format": "%.3g"}, "advantage": {"format": "%.3f"}, "weight": SHARE, "share": SHARE}
    return {"completion": "no.", **{f"{what}, {name}": NUMBER(**look) for what, look in looks.items() for name in names}}


def _tokens(step: Step, through: dict[str, Treatment], number: int, *, dark: bool) -> None:
    """The tokens of the group, through its own algorithm or the other one."""
    if step.groups[number - 1].slot is None:
        show(token_chart(step, next(iter(through.values())), number, dark=dark), key="inspect:tokens")
        return
    lens = st.segmented_control(
        "Tokens seen through",
        list(through),
        default=place().run,
        format_func=plain,
        key=f"inspect:lens:{','.join(through)}",
        required=True,
    )
    seen = through[lens or place().run]
    show(token_chart(step, seen, number, dark=dark), key="inspect:tokens")
    share = seen.share[step.groups[number - 1].slot].sum(-1)
    count = len(step.groups[number - 1].texts)
    chosen = st.selectbox(
        "Tokens of completion", range(1, count + 1), index=int(share.argmax()), key=f"inspect:completion:{place().query}:{number}"
    )
    table = tokens_table(step, seen, number, chosen).drop(columns=["completion", "trained"])
    st.dataframe(
        safe_table(table), hide_index=True, column_config=COLUMNS, key="inspect:token_table", height=_height(table),
        alt=f"The {len(table)} tokens of completion {chosen} of group {number}: probabilities, ratio, clip, weight, entropy.")  # fmt: skip
