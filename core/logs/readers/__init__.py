"""One reader per format; each is recognised by what stands in the file, never by its name. The first that recognises a file reads it."""

from core.logs.readers import console, delimited, json_lines, json_values
from core.logs.reading import Format

FORMATS: tuple[Format, ...] = (
    json_values.TRAINER_STATE, json_lines.FORMAT, json_values.ARRAY, json_values.OBJECT, delimited.FORMAT, console.FORMAT
)  # fmt: skip

__all__ = ["FORMATS"]
