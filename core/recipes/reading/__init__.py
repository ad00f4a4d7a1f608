"""Settings of other trainers read as an algorithm of the Lab: text to names and values, those to fields, and the run made small."""

from core.recipes.reading.imported import Imported
from core.recipes.reading.read import read_settings

__all__ = ["Imported", "read_settings"]
