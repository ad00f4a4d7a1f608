"""The contents of the menu: the pages of the lab, and the Learn pages in reading order, each listed as soon as its file exists."""

from __future__ import annotations

from pathlib import Path

from pages.shared.common.documents import DEFAULT_LANGUAGE, load

LAB = (
    ("app.py", "Compare", ":material/ssid_chart:"),
    ("pages/inspect_step.py", "Inspect a step", ":material/frame_inspect:"),
    ("pages/ladder.py", "Ablation ladder", ":material/stairs:"),
    ("pages/map.py", "Map of collapse", ":material/grid_on:"),
    ("pages/your_run.py", "Your run", ":material/upload_file:"),
    ("pages/runs.py", "Runs", ":material/list_alt:"),
)
ORDER = (
    "grpo",
    "clip_higher",
    "dynamic_sampling",
    "token_level_loss",
    "overlong_shaping",
    "entropy_collapse",
    "the_lab",
    "reading_the_metrics",
)
PAGES = Path(__file__).resolve().parents[2]


def existing() -> tuple[str, ...]:
    """Names of the Learn pages whose files exist, in reading order."""
    return tuple(name for name in ORDER if (PAGES / f"{name}.py").exists())


def learn_menu(language: str = DEFAULT_LANGUAGE) -> tuple[tuple[str, str, None], ...]:
    """(file, label, icon) of every Learn page; they have no icons of their own."""
    return tuple((file(name), load(name, language).title, None) for name in existing())


def file(name: str) -> str:
    """Path of the Learn page `name`, relative to app.py."""
    return f"pages/{name}.py"


def after(name: str) -> str | None:
    """Name of the Learn page that follows `name` in reading order; None after the last."""
    names = existing()
    at = names.index(name) + 1
    return names[at] if at < len(names) else None
