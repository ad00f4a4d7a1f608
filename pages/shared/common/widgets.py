"""A widget for a configuration field: type, bounds and help come from the field's metadata, so that page and engine agree."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import streamlit as st

from core.settings.fields import bounds_text, scalar_type, type_hints
from pages.shared.common.state import Key


def field_widget(config: Any, name: str, *, value: Any, default: Any, key: Key) -> Any:
    """Show field `name` of `config`'s type with `value` at first, marked where it differs from `default`; return what is chosen."""
    field = next(f for f in dataclasses.fields(config) if f.name == name)
    hint = type_hints(type(config))[name]
    chosen = key.get() if key.is_set() else value
    label = _label(name) + ("" if chosen == default else " :orange[● changed]")
    text = _help(field, default)
    if field.metadata["choices"] is not None:
        options = list(field.metadata["choices"])
        return st.selectbox(label, options, index=options.index(value), key=key.name, help=text, persist_state="session")
    kind = scalar_type(hint)
    if kind is bool:
        return st.toggle(label, value=value, key=key.name, help=text, persist_state="session")
    return _number(label, value, field.metadata, kind, key, text, default)


def _number(label: str, value: Any, metadata: Any, kind: type, key: Key, text: str, default: Any) -> Any:
    low, high = metadata["min"], metadata["max"]
    bounds = {"min_value": None if low is None else kind(low), "max_value": None if high is None else kind(high)}
    if kind is int:
        return st.number_input(label, value=value, step=1, key=key.name, help=text, persist_state="session", **bounds)
    if metadata["open_min"]:
        bounds["min_value"] = None  # the bound itself is not allowed; the configuration says so in words
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


def _help(field: dataclasses.Field, default: Any) -> str:
    bounds = bounds_text(field.metadata)
    unit = f" Unit: {field.metadata['unit']}." if field.metadata["unit"] else ""
    limits = f" Allowed: {bounds}." if bounds else ""
    return f"{field.metadata['help']}{unit}{limits} Here: {'none' if default is None else default}."
