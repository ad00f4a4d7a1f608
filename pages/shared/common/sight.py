"""A part of a page that is drawn only once a reader has come near it.

A finished figure needs Plotly, which Streamlit fetches with the first one: 4.7 MB and half a second of the browser's processor. Most visits
end above it.
"""

from __future__ import annotations

from functools import cache

import streamlit as st

from pages.shared.common.state import SEEN

NEAR = "200px"  # below the screen
REST = 400  # ms for which it must be there: a page that is being built, or scrolled through, moves it
HTML = '<p class="sight">Drawn when this comes into sight.</p>'
CSS = """.sight { min-height: 24rem; margin: 0; color: var(--st-text-color); opacity: 0.75; font: 0.875rem var(--st-font); }
"""
SCRIPT = f"""export default ({{ parentElement, setTriggerValue }}) => {{
  const place = parentElement.querySelector(".sight");
  if (place.watched) return;
  let rest;
  place.watched = new IntersectionObserver((entries) => {{
    clearTimeout(rest);
    if (entries.at(-1).isIntersecting) rest = setTimeout(() => {{ place.watched.disconnect(); setTriggerValue("seen", true); }}, {REST});
  }}, {{ rootMargin: "0px 0px {NEAR}" }});
  place.watched.observe(place);
}};
"""


def in_sight(name: str) -> bool:
    """Whether this part was ever near the screen of this tab; until then a line of text holds its place. Call it in a fragment, which is run
    again when the part comes near."""
    seen = SEEN(name)
    if seen.get():
        return True
    place = st.empty()
    with place:
        if not _component()(key=f"sight:{name}", on_seen_change=lambda: None).get("seen"):
            return False
    seen.set(True)
    place.empty()
    return True


@cache
def _component():
    """The mounted component, registered once per process."""
    return st.components.v2.component("dapo_lab_sight", html=HTML, css=CSS, js=SCRIPT)
