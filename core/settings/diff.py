"""What differs between two settings, in one place."""

from __future__ import annotations

import dataclasses


def changed_fields(config: object, base: object) -> dict[str, object]:
    """The fields in which `config` differs from `base`: the whole difference between two algorithms."""
    return {
        f.name: getattr(config, f.name) for f in dataclasses.fields(config) if getattr(config, f.name) != getattr(base, f.name)
    }
