"""Settings as frozen pydantic dataclasses: one definition of a field holds its type, bounds and meaning for engine, pages and command line.

Strict: the text "1" is not accepted as a number, nor True as a whole number, nor NaN or infinity.
"""

from __future__ import annotations

import functools
from typing import Annotated, TypeVar, Union, dataclass_transform

import pydantic.dataclasses
from pydantic import ConfigDict, Discriminator, Field, Tag, ValidationError
from pydantic_core import ArgsKwargs

from core.settings.refusals import refusal

STRICT = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)
T = TypeVar("T")

Each = Annotated[tuple[T, ...], Field(min_length=1)]
# One number for all replicas, or a tuple with one for each.
PerReplica = Annotated[
    Union[Annotated[T, Tag("all")], Annotated[Each[T], Tag("each")]],  # noqa: UP007, a TypeVar has to stay visible to be filled in
    Discriminator(lambda value: "each" if isinstance(value, tuple | list) else "all"),
]


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(Field,))
def settings(kind: type[T]) -> type[T]:
    """Make `kind` a frozen dataclass whose values are checked whenever one is made, `dataclasses.replace` included. ConfigError if they are
    invalid."""
    return _refusing(pydantic.dataclasses.dataclass(kind, frozen=True, kw_only=True, config=STRICT))


def resolve(kind: type) -> None:
    """Build the checks of `kind` again, once every type that it refers to is defined."""
    pydantic.dataclasses.rebuild_dataclass(kind, force=True)  # this replaces our __init__, which is therefore set again
    _refusing(kind)


def _refusing(kind: type[T]) -> type[T]:
    """`kind`, whose __init__ raises ConfigError in place of pydantic's error."""
    checked = kind.__init__

    @functools.wraps(checked)
    def __init__(self, **values):
        try:
            checked(self, **values)
        except ValidationError as error:
            raise refusal(error, kind) from None

    kind.__init__ = __init__
    return kind


def check_value(kind: type, name: str, value: object, called: str) -> None:
    """ConfigError, naming the field as `called`, if `value` is invalid for field `name` of `kind` regardless of the other fields."""
    try:
        kind.__pydantic_validator__.validate_python(ArgsKwargs((), {name: value}), self_instance=object.__new__(kind))
    except ValidationError as error:
        if any(problem["loc"][:1] == (name,) for problem in error.errors(include_url=False)):
            raise refusal(error, kind, only=name, called=called) from None
