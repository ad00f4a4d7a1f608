"""What was deleted: undo for the last deletion, and the list of all that can still be brought back or removed for good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from pages.shared.common.labels import distinct
from pages.shared.common.process import store
from pages.shared.runs.groups import place_of
from pages.shared.runs.listed import LOG
from pages.shared.runs.names import comparison_name, moment
from pages.shared.runs.state import DELETED, UNDO


def deleted_groups(owner: str) -> dict[str, tuple[str, float]]:
    """Comparison or log -> (name, when it was deleted), the one deleted last first."""
    found = {row.comparison: (comparison_name(row), row.deleted or 0.0) for row in store().runs(owner=owner, deleted=True)}
    found |= {LOG + log.id: (log.name, log.deleted or 0.0) for log in store().logs.list(owner, deleted=True)}
    return dict(sorted(found.items(), key=lambda entry: -entry[1][1]))


def undo_bar(deleted: Sequence[str]) -> None:
    """Stays until the next deletion or a reload."""
    if UNDO.get() is None:
        return
    groups, told = UNDO.get()
    if not set(groups) & set(deleted):
        return
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.text(told)
        st.button("Undo", icon=":material/undo:", key="runs:undo-button", on_click=_bring_back, args=(groups,))


def deleted_list(deleted: Mapping[str, tuple[str, float]], zone) -> None:
    if not deleted:
        return
    with st.expander(f"Recently deleted ({len(deleted)})", icon=":material/delete:"):
        labels = [f"{name} · deleted {moment(when, zone):%d %b %H:%M:%S}" for name, when in deleted.values()]
        options = dict(zip(deleted, distinct(labels), strict=True))
        chosen = st.multiselect(
            "Deleted comparisons and logs", list(options), format_func=lambda group: options.get(group, ""), key=DELETED.name,
            placeholder="Choose what to bring back or to remove")  # fmt: skip
        with st.container(horizontal=True):
            st.button(
                "Bring back", icon=":material/undo:", key="runs:back", disabled=not chosen, on_click=_bring_back, args=(chosen,)
            )
            with st.popover("Remove for good", icon=":material/delete_forever:", disabled=not chosen):
                st.markdown(f"This removes {len(chosen)} of them with everything they measured. **It cannot be undone.**")
                st.button("Yes, remove for good", type="primary", key="runs:purge", on_click=_purge, args=(chosen,))


def _bring_back(groups: Sequence[str]) -> None:
    for group in groups:
        kept, its_id = place_of(group)
        kept.undelete(its_id)
    DELETED.set([])


def _purge(groups: Sequence[str]) -> None:
    for group in groups:
        kept, its_id = place_of(group)
        kept.purge(its_id)
    DELETED.set([])
