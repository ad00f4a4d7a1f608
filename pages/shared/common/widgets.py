"""A widget for a configuration field: type, bounds and help come from the field's description, so that page and engine agree."""

from __future__ import annotations

import math
from typing import Any

import streamlit as st

from core.settings.describe import Setting, settings_of
from pages.shared.common.state import Key


def field_widget(config: Any, name: str, *, value: Any, default: Any, key: Key) -> Any:
    """Show field `name` of `config`'s type with `value` as first value, marked where it differs from `default`; return the chosen value."""
    setting = settings_of(type(config))[name]
    chosen = key.get() if key.is_set() else value
    label = _label(name) + ("" if chosen == default else " :orange[● changed]")
    text = _help(setting, default)
    if setting.choices is not None:
        options = list(setting.choices)
        return st.selectbox(label, options, index=options.index(value), key=key.name, help=text, persist_state="session")
    if setting.kind is bool:
        return st.toggle(label, value=value, key=key.name, help=text, persist_state="session")
    return _number(label, value, setting, key, text, default)


def _number(label: str, value: Any, setting: Setting, key: Key, text: str, default: Any) -> Any:
    kind, low, high = setting.kind, setting.low, setting.high
    bounds = {"min_value": None if low is None else kind(low), "max_value": None if high is None else kind(high)}
    if kind is int:
        return st.number_input(label, value=value, step=1, key=key.name, help=text, persist_state="session", **bounds)
    if setting.open_low:
        bounds["min_value"] = None  # the bound itself is excluded; the configuration reports that in its error
    start = value if isinstance(value, float) else default if isinstance(default, float) else 0.0
    step = 10.0 ** math.floor(math.log10(abs(start))) / 2 if start else 0.05
    return st.number_input(
        label,
        value=None if value is None else float(value),
        step=step,
        format="%g",
        key=key.name,
        help=text,
        persist_state="session",
        **bounds,
    )


def _label(name: str) -> str:
    return (
        name.replace("_", " ").replace("eps ", "ε ").replace("kl ", "KL ").capitalize().replace("Ε ", "ε ").replace("Kl ", "KL ")
    )


def _help(setting: Setting, default: Any) -> str:
    unit = f" Unit: {setting.unit}." if setting.unit else ""
    limits = f" Allowed: {setting.bounds}." if setting.bounds else ""
    return f"{setting.help}{unit}{limits} Here: {'none' if default is None else default}."
