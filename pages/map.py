"""Map of collapse: two settings against each other, cell by cell, with the boundary at which each side dies."""

from pages.shared.common.frame import frame
from pages.shared.map.page import map_page

frame("Map of collapse")
map_page()
