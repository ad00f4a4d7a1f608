"""One reader per format; each is recognised by what stands in the file, never by its name. The first that recognises a file reads it."""

from core.logs.readers import (
    console,
    databases,
    delimited,
    json_lines,
    json_values,
    notebook,
    parquet,
    record_log,
    tables,
    tensorboard,
)
from core.logs.reading import Format

FORMATS: tuple[Format, ...] = (
    databases.FORMAT, parquet.FORMAT, tensorboard.FORMAT, record_log.WANDB_FORMAT, record_log.SWANLAB_FORMAT, notebook.FORMAT,
    json_values.TRAINER_STATE, json_lines.FORMAT, json_values.ARRAY, json_values.OBJECT, tables.FORMAT, delimited.FORMAT, console.FORMAT,
)  # fmt: skip

__all__ = ["FORMATS"]
