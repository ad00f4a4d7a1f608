"""The Learn pages in reading order; a page is in the menu as soon as its file exists."""

from __future__ import annotations

from pathlib import Path

from pages.shared.learn.text import DEFAULT_LANGUAGE, load

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
    return tuple(name for name in ORDER if (PAGES / f"{name}.py").exists())


def menu(language: str = DEFAULT_LANGUAGE) -> tuple[tuple[str, str, None], ...]:
    """(file, label, icon) of every page, as the menu wants them; under the menu's own icon they need none."""
    return tuple((file(name), load(name, language).title, None) for name in existing())


def file(name: str) -> str:
    return f"pages/{name}.py"


def after(name: str) -> str | None:
    """The page that follows."""
    names = existing()
    at = names.index(name) + 1
    return names[at] if at < len(names) else None
