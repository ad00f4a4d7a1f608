"""What a page's address names, so that its link opens the same again."""

from __future__ import annotations

import streamlit as st


def name_in_address(comparison: str) -> None:
    """Setting a parameter sends the address to the browser anew, so an equal one is left alone."""
    if st.query_params.get("comparison") != comparison:
        st.query_params["comparison"] = comparison
