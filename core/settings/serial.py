"""A run's settings as JSON and back: what the history keeps, so that a run can be started again.

Reading applies the same checks as any other input: nothing unknown or out of range becomes a RunConfig.
"""

from __future__ import annotations

import json

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from core.settings.fields import ConfigError, short
from core.settings.refusals import refusal
from core.settings.run import RunConfig

RUN = TypeAdapter(RunConfig)


def config_dict(config: RunConfig) -> dict:
    """A run's configuration as plain values: {"task": {"name": …, …}, "algorithm": {…}, …, "fork": {"run": {…}, "update": …}}, the last
    only for a fork."""
    return RUN.dump_python(config, mode="json")


def config_to_json(config: RunConfig) -> str:
    """One line of JSON with every setting; `config_from_json` gives an equal RunConfig."""
    return json.dumps(config_dict(config), sort_keys=True, allow_nan=False)


def config_from_json(text: str) -> RunConfig:
    """The RunConfig that `config_to_json` wrote. A field that is absent, because it is newer than the text, takes its default. ConfigError
    names the field that is missing, unknown, ill-typed or out of range."""
    try:
        config = RUN.validate_json(text)
    except ValidationError as error:
        raise refusal(error, RunConfig) from None
    _check_algorithms(from_json(text))
    return config


def _check_algorithms(values: dict) -> None:
    """ConfigError for JSON without an algorithm: unlike in code, where GRPO is the default, its absence means damage."""
    while values is not None:
        if "algorithm" not in values:
            raise ConfigError(f"settings must have 'algorithm', got only {short(', '.join(values))}; add it")
        values = (values.get("fork") or {}).get("run")
