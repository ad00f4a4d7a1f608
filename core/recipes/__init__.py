"""Settings for other trainers: an algorithm of the Lab written for TRL, verl, ms-swift and OpenRLHF, and theirs read as one of the Lab.

RunConfig → `write_recipe` (settings, and sentences about what they cannot say) → `recipe_text`; text → `read_settings` → `Imported`.
May import settings, engine, analysis, inspection, ladder, logs and diagnosis.
"""

from core.recipes.machine import Machine
from core.recipes.reading import Imported, read_settings
from core.recipes.recipe import Recipe
from core.recipes.targets import TARGETS, recipe_text, write_recipe

__all__ = ["TARGETS", "Imported", "Machine", "Recipe", "read_settings", "recipe_text", "write_recipe"]
