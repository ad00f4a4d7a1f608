"""The arguments that a trainer wrote into a TensorBoard event file as text, `args/text_summary`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from core.logs.sentences import say
from core.logs.source import Refused
from core.recipes.reading import sentences as s

MAGIC = b"brain.Event:"
TAGS = ("args", "config", "hparams")


def is_event_file(data: bytes) -> bool:
    """A record of the file's version stands at its beginning, after a length and a checksum."""
    return MAGIC in data[:64]


def summary_text(data: bytes) -> str:
    """The first text summary of arguments. Refused if there is none."""
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.out.tfevents.1"
        path.write_bytes(data)
        try:
            for event in EventFileLoader(str(path)).Load():
                for value in event.summary.value:
                    if value.tag.startswith(TAGS) and value.tensor.string_val:
                        return value.tensor.string_val[0].decode("utf-8", errors="replace")
        except Exception:  # a broken file of the package's own kinds of error: nothing can be read from it
            raise Refused(say(s.NO_SUMMARY)) from None
    raise Refused(say(s.NO_SUMMARY))
