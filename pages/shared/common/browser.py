"""Components whose script is a file in the folder that Streamlit serves: the component itself is a loader of a few lines, because its
inline script is sent again with every change of its data."""

from __future__ import annotations

from functools import cache

import streamlit as st

from pages.shared.common.live_board.assets import FILES, install, version

# The second path is for pages whose address ends in a slash.
LOADER = """const from = (up) => import(new URL(up + "app/static/SCRIPT?v=VERSION", document.baseURI).href);
const script = from("./").catch(() => from("../"));
export default async (component) => (await script).render(component);
"""


def component(name: str, script: str, *styles: str):
    """The component `name`, drawn into a <div> of that class by `render` of `script`. `script` and `styles` are names among the files that
    are served."""
    return _component(name, script, version(*(FILES[file] for file in (script, *styles))))


@cache
def _component(name: str, script: str, stamp: str):
    """Registered once for each version of its files."""
    install()
    loader = LOADER.replace("SCRIPT", script).replace("VERSION", stamp)
    return st.components.v2.component(f"dapo_lab_{name}", html=f'<div class="{name}"></div>', js=loader, isolate_styles=False)
