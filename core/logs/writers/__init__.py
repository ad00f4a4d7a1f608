"""Two lines for trainers whose logs stay in memory: their metrics as JSON lines, which the Lab reads and watches. Neither trl nor verl is
imported before the trainer itself asks for it."""

from core.logs.writers.json_lines import JsonLinesWriter
from core.logs.writers.trl import trl_callback
from core.logs.writers.verl import add_to_verl

__all__ = ["JsonLinesWriter", "add_to_verl", "trl_callback"]
