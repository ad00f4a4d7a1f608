"""A widget for a configuration field: type, bounds and help come from the field's description, so that page and engine agree."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import streamlit as st

from core.settings.describe import Setting, settings_of
from core.settings.words import in_words
from pages.shared.common.state import Key


def field_widget(
    config: Any,
    name: str,
    *,
    value: Any,
    default: Any,
    key: Key,
    on_change: Callable | None = None,
    args: tuple = (),
    beside: str = "",
) -> Any:
    """Show field `name` of `config`'s type, marked where it differs from `default`; return the chosen value. It begins as `value`; with
    `on_change` it always shows `value`, which the callback changes. `beside` stands after its name."""
    setting = settings_of(type(config))[name]
    if on_change is not None or not key.is_set():
        shows(key, value)
    label = in_words(name) + beside + ("" if key.get() == default else " :orange[● changed]")
    options = {"key": key.name, "help": _help(setting, default), "on_change": on_change, "args": args}
    if setting.choices is not None:
        return st.selectbox(label, list(setting.choices), **options)
    if setting.kind is bool:
        return st.toggle(label, **options)
    return _number(label, value, setting, default, options)


def shows(key: Key, value: Any) -> None:
    """Let the widget of `key`, which is drawn after this, show `value`."""
    if not key.is_set() or key.get() != value:
        key.set(value)


def _number(label: str, value: Any, setting: Setting, default: Any, options: dict) -> Any:
    kind, low, high = setting.kind, setting.low, setting.high
    bounds = {"min_value": None if low is None else kind(low), "max_value": None if high is None else kind(high)}
    if setting.optional:
        bounds["value"] = None  # the field may be empty
    if kind is int:
        return st.number_input(label, step=1, **options, **bounds)
    if setting.open_low:
        bounds["min_value"] = None  # the bound itself is excluded; the configuration reports that in its error
    start = value if isinstance(value, float) else default if isinstance(default, float) else 0.0
    step = 10.0 ** math.floor(math.log10(abs(start))) / 2 if start else 0.05
    return st.number_input(label, step=step, format="%g", **options, **bounds)


def _help(setting: Setting, default: Any) -> str:
    unit = f" Unit: {setting.unit}." if setting.unit else ""
    limits = f" Allowed: {setting.bounds}." if setting.bounds else ""
    return f"{setting.help}{unit}{limits} Here: {'none' if default is None else default}. In links and files: `{setting.name}`."
