"""Which logged names stand for which metric: one table per framework, and how their values become the Lab's."""

from core.logs.names.extra import EXTRA, EXTRA_NAMES
from core.logs.names.lookup import NAMES, Name, is_of_a_table, name_for

__all__ = ["EXTRA", "EXTRA_NAMES", "NAMES", "Name", "is_of_a_table", "name_for"]
