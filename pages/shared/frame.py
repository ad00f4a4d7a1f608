"""What every page begins with: title, layout and the menu."""

from __future__ import annotations

import streamlit as st

# Streamlit leaves six lines empty above every page; the first chart belongs on the first screen.
TIGHTER = "<style>\n.stMainBlockContainer { padding-top: 2.5rem; padding-bottom: 3rem; }\n</style>"

PAGES = {"Lab": (("app.py", "Compare", ":material/ssid_chart:"),)}


def frame(title: str) -> None:
    """Call first on every page."""
    st.set_page_config(page_title=f"{title} · DAPO Lab", page_icon=":material/ssid_chart:", layout="wide")
    st.html(TIGHTER)
    with st.sidebar:
        st.markdown("### DAPO Lab")
        if sum(map(len, PAGES.values())) > 1:  # a menu of one entry says nothing
            for group, entries in PAGES.items():
                st.caption(group)
                for path, label, icon in entries:
                    st.page_link(path, label=label, icon=icon)
