"""What can be done with a log that was read on the page Your run: open, share, rename, delete."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

import streamlit as st

from core.runs.store.logs import StoredLog
from pages.shared.runs.groups import delete, rename
from pages.shared.runs.listed import ListedLog
from pages.shared.runs.names import moment


def log_line(group: str, runs: Sequence[ListedLog], zone) -> None:
    """The buttons of one log; `runs` are all that it has."""
    log = runs[0].log
    left, right = st.columns(2, vertical_alignment="center")
    left.text(f"{log.name} · {in_words(log)} · {moment(log.created, zone):%d %b %H:%M}")
    with right.container(horizontal=True, vertical_alignment="center"):
        st.page_link("pages/your_run.py", label="Open on Your run", icon=":material/upload_file:", query_params={"log": log.id})
        _share(log)
        rename(group, log.name)
        st.button(
            "Delete", icon=":material/delete:", key=f"runs:delete:{group}", on_click=delete, args=([group], runs), type="tertiary",
            help="The log with all its runs. It can be undone.",
        )  # fmt: skip


def _share(log: StoredLog) -> None:
    with st.popover("Share", icon=":material/share:", type="tertiary"):
        st.markdown("Whoever has this link sees the log on *Your run*, and can change nothing of it.")
        here = (st.context.url or "").split("?")[0].rstrip("/")
        st.code(f"{here.rpartition('/')[0]}/your_run?{urlencode({'log': log.id})}", language=None, wrap_lines=True)


def in_words(log: StoredLog) -> str:
    """How many runs it has, who wrote them, how many rows they have."""
    runs = log.runs
    frameworks = list(dict.fromkeys(run["framework"] for run in runs if run["framework"] != "unknown"))
    by = f" by {' and '.join(frameworks)}" if frameworks else ""
    rows = sum(run["rows"] for run in runs)
    return f"{len(runs)} {'run' if len(runs) == 1 else 'runs'}{by}, {rows:,} rows"
