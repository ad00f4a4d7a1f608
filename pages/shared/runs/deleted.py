"""What was deleted: undo for the last deletion, and the list of all that can still be brought back or removed for good."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.runs.store.store import StoredRun
from pages.shared.common.labels import distinct
from pages.shared.common.process import store
from pages.shared.runs.names import comparison_name, moment
from pages.shared.runs.state import DELETED, UNDO


def deleted_rows(owner: str) -> dict[str, StoredRun]:
    """Comparison -> the first of its runs, the one deleted last first."""
    rows = store().runs(owner=owner, deleted=True)
    return {row.comparison: row for row in sorted(rows, key=lambda row: row.deleted or 0.0, reverse=True)}


def undo_bar(deleted: Sequence[str]) -> None:
    """Stays until the next deletion or a reload."""
    if UNDO.get() is None:
        return
    comparisons, told = UNDO.get()
    if not set(comparisons) & set(deleted):
        return
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.text(told)
        st.button("Undo", icon=":material/undo:", key="runs:undo-button", on_click=_bring_back, args=(comparisons,))


def deleted_list(deleted: dict[str, StoredRun], zone) -> None:
    if not deleted:
        return
    with st.expander(f"Recently deleted ({len(deleted)})", icon=":material/delete:"):
        labels = dict(zip(deleted, distinct([_label(row, zone) for row in deleted.values()]), strict=True))
        chosen = st.multiselect(
            "Deleted comparisons", list(labels), format_func=lambda comparison: labels.get(comparison, ""), key=DELETED.name,
            placeholder="Choose what to bring back or to remove")  # fmt: skip
        with st.container(horizontal=True):
            st.button(
                "Bring back", icon=":material/undo:", key="runs:back", disabled=not chosen, on_click=_bring_back, args=(chosen,)
            )
            with st.popover("Remove for good", icon=":material/delete_forever:", disabled=not chosen):
                st.markdown(f"This removes {len(chosen)} of them with everything they measured. **It cannot be undone.**")
                st.button("Yes, remove for good", type="primary", key="runs:purge", on_click=_purge, args=(chosen,))


def _label(row: StoredRun, zone) -> str:
    return f"{comparison_name(row)} · deleted {moment(row.deleted or 0.0, zone):%d %b %H:%M:%S}"


def _bring_back(comparisons: Sequence[str]) -> None:
    for comparison in comparisons:
        store().undelete(comparison)
    DELETED.set([])


def _purge(comparisons: Sequence[str]) -> None:
    for comparison in comparisons:
        store().purge(comparison)
    DELETED.set([])
