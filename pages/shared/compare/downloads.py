"""The files of the comparison that is shown, made by the code that writes the files of `python -m core compare`."""

from __future__ import annotations

import streamlit as st

from core.analysis.export import metrics_csv
from core.analysis.markdown import plain
from core.data.comparison import SCENARIO
from pages.shared.common.archive import archive
from pages.shared.common.process import manager
from pages.shared.common.results import results_of


def downloads(comparison: str | None) -> None:
    """The menu. While the runs go on, the files hold what was measured by then."""
    name = SCENARIO if comparison is None else manager().view(comparison).scenario
    measured = {label: result for label, result in results_of(comparison).items() if result.history.trained}
    with st.popover("Download", icon=":material/download:", disabled=not measured):
        if not measured:
            return
        st.download_button(
            "Everything (zip)", lambda: archive(name, results_of(comparison)), f"{name}.zip", "application/zip", on_click="ignore",
            icon=":material/folder_zip:", width="stretch", key="zip")  # fmt: skip
        for label in measured:
            st.download_button(
                f"{plain(label)} (CSV)", lambda label=label: metrics_csv({label: results_of(comparison)[label]}), f"{name}-{label}.csv",
                "text/csv", on_click="ignore", icon=":material/download:", width="stretch", key=f"csv:{label}")  # fmt: skip
        st.caption("The zip holds the measurements, the settings, a summary, a report and the charts.")
