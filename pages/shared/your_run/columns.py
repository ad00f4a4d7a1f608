"""What each column was taken for, how its definition differs, and a way to change it; and the reward's scale, which a log does not say."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import streamlit as st

from core.analysis.csv_files import safe_table
from core.analysis.markdown import plain
from core.logs import LogRun
from core.logs.kept import Correction
from core.logs.take import CONVERSIONS, KNOWN_METRICS
from core.logs.verdicts import accuracy_candidates
from core.runs.store.store import StoreError
from pages.shared.common.log_charts import title
from pages.shared.common.process import told
from pages.shared.your_run.shown import Shown, say
from pages.shared.your_run.texts import body, document

NOTHING = "nothing of the Lab's"
SCALES: Mapping[str, str] = {
    "same": "as logged",
    "percent": "percent: divided by 100",
    "percent_kept": "percent that was kept: 1 − value ÷ 100",
    "plus_minus_one": "from −1 to 1: (value + 1) ÷ 2",
    "zero_is_none": "0 means not measured",
}
ACCURACY_SCALES = {
    "same": "0 is wrong, 1 is right",
    "plus_minus_one": "−1 is wrong, 1 is right",
    "percent": "0 to 100 percent",
}
assert SCALES.keys() == CONVERSIONS.keys()


def ask_accuracy(what: Shown, run: LogRun) -> None:
    """Ask for the reward's scale where a column may be the share of right answers."""
    candidates = [] if "accuracy" in run.metrics else accuracy_candidates(run.training, run.taken)
    if not candidates:
        return
    with st.container(border=True), st.form(f"your_run:accuracy:{what.mark}", border=False):
        st.markdown(f":material/help: **Is one of these the share of right answers?** {body('accuracy')}")
        which, scale, button = st.columns([3, 3, 2], vertical_alignment="bottom")
        column = which.selectbox("Column", candidates, key="your_run:accuracy:column")
        conversion = scale.selectbox(
            "Its scale", list(ACCURACY_SCALES), format_func=ACCURACY_SCALES.get, key="your_run:accuracy:scale"
        )
        if button.form_submit_button("It is the accuracy", icon=":material/check:"):
            _change(what, Correction(run.file, run.name, column, "accuracy", conversion))
        st.caption(how_long(what))


def columns(what: Shown, run: LogRun) -> None:
    """The table, and the change of one column."""
    st.subheader("What each column was taken for")
    st.markdown(document().words("columns")[0])
    table = column_table(run)
    st.dataframe(
        safe_table(table), hide_index=True, width="stretch", placeholder="–", height=min(420, 35 * (len(table) + 1) + 3),
        column_config={"How the definition differs": st.column_config.TextColumn(width="large")},
        alt=f"{len(table)} columns of the log and what each was taken for.",
    )  # fmt: skip
    _choose_change(what, run)


def how_long(what: Shown) -> str:
    """Whom a change is for, and how long it lasts."""
    words = document().words("columns")[1]
    if what.watched is not None:
        return words["followed"]
    return words["own" if what.own else "unkept" if what.log is None else "other"]


def _change(what: Shown, correction: Correction) -> None:
    try:
        say(what, correction)
    except StoreError as error:
        st.error(f"The change was not kept: {plain(told(error))}. Try it again when that is mended.", icon=":material/error:")
        return
    st.rerun()


def column_table(run: LogRun) -> pd.DataFrame:
    """One row per logged name: those that stand for something first."""
    names = list(dict.fromkeys((*run.taken, *run.columns, *run.evaluation.columns)))
    return pd.DataFrame(
        {
            "Logged as": names,
            "Taken for": [title(run.taken[n].metric) if n in run.taken else "–" for n in names],
            "Scale": [SCALES[run.taken[n].conversion] if n in run.taken else "" for n in names],
            "Last value": pd.array([_last(run, n) for n in names], dtype="Float64"),
            "How the definition differs": [run.taken[n].note if n in run.taken else "" for n in names],
        }
    )


def _last(run: LogRun, column: str) -> float | None:
    table = run.training if column in run.training.columns else run.evaluation
    values = table.columns[column].values
    finite = values[np.isfinite(values)]
    return float(f"{finite[-1]:.4g}") if len(finite) else None


def _choose_change(what: Shown, run: LogRun) -> None:
    names = list(dict.fromkeys((*run.taken, *run.columns, *run.evaluation.columns)))
    which, metric, scale, button = st.columns([3, 3, 3, 1.4], vertical_alignment="bottom")
    column = which.selectbox("Change what stands for what: column", names, key="your_run:change:column")
    taken = run.taken.get(column)
    options = [None, *KNOWN_METRICS]
    meant = metric.selectbox(
        "is taken for", options, index=options.index(taken.metric if taken else None), key=f"your_run:change:metric:{column}",
        format_func=lambda name: NOTHING if name is None else title(name),
    )  # fmt: skip
    conversion = scale.selectbox(
        "on the scale", list(SCALES), index=list(SCALES).index(taken.conversion if taken else "same"), format_func=SCALES.get,
        key=f"your_run:change:scale:{column}", disabled=meant is None,
    )  # fmt: skip
    if taken and taken.note:
        st.caption(f":material/info: {plain(column)}: {plain(taken.note)}")
    if button.button("Change", icon=":material/edit:", key="your_run:change", width="stretch"):
        _change(what, Correction(run.file, run.name, column, meant, conversion))
    st.caption(how_long(what))


def said(what: Shown, label: str) -> None:
    """What must be known to read the run of this label, in sentences."""
    run = what.labels.get(label)
    sentences = [str(note) for note in (*what.reading.notes, *(run.notes if run else ()))]
    if what.watched is not None:
        sentences = [*map(str, what.watched.notes), *sentences]
    if sentences:
        with st.expander(f"What to know about this log ({len(dict.fromkeys(sentences))})", icon=":material/info:", expanded=True):
            st.markdown("\n".join(f"- {plain(sentence)}" for sentence in dict.fromkeys(sentences)))
