"""Interactive figures that run in the browser. One component; the drawings are modules in figures/, see figures/kit.js.

The component's data: {"page", "figure", "words", "data"} for a figure; {"page", "figure", "state", "label"} for a button that brings a
figure on the same page into a state.
"""

from __future__ import annotations

from functools import cache

import streamlit as st

from pages.shared.common.live_board.assets import install, learn_files, version

# The second path is for pages whose address ends in a slash.
LOADER = """const from = (up) => import(new URL(up + "app/static/learn/kit.js?v=VERSION", document.baseURI).href);
const kit = from("./").catch(() => from("../"));
export default async (component) => (await kit).render(component);
"""


def figure(page: str, name: str, *, words: dict[str, str], data: object = None) -> None:
    """Draw `name` of figures/PAGE.js. `words` are its labels in the reader's language, `data` its input."""
    _mount(f"{page}-{name}", {"page": page, "figure": name, "words": words, "data": data})


def set_button(page: str, name: str, *, state: dict, label: str, key: str) -> None:
    """A button that sets the controls of a figure on this page, in the browser, and moves there."""
    _mount(key, {"page": page, "figure": name, "state": state, "label": label})


def _mount(key: str, data: dict) -> None:
    stamp = version(*learn_files().values())
    _installed(stamp)
    _component(stamp)(key=f"learn-{key}", data=data, width="stretch", height="content")


@cache
def _installed(stamp: str) -> None:
    """Once for each version of the files: an edited figure is served on the next run of the page."""
    install()


@cache
def _component(stamp: str):
    return st.components.v2.component(
        "dapo_lab_figure", html='<div class="learn-figure"></div>', js=LOADER.replace("VERSION", stamp), isolate_styles=False
    )
