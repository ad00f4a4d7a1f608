"""The maps that are shipped: of the present settings, whole, small, and what training gives."""

from __future__ import annotations

import numpy as np
import pytest

from core.data.maps import FIRST_SEED, SEEDS, SHIPPED_MAPS, finished_maps
from core.sweep.measured import CURVES, MEASURES
from core.sweep.sentences import findings
from core.sweep.unit import Unit
from core.sweep.work import train_units

MOST_BYTES = 1_000_000


@pytest.mark.parametrize("name", finished_maps())
def test_a_shipped_map_is_of_the_present_settings_and_whole(name):
    shipped = SHIPPED_MAPS[name]
    assert shipped.about["settings"] == shipped.settings, f"the settings of its cells have changed: {shipped.command}"
    assert shipped.map.cells.keys() == shipped.grid.configs.keys() and shipped.path.stat().st_size < MOST_BYTES
    assert shipped.grid.seeds == tuple(range(FIRST_SEED, FIRST_SEED + SEEDS)) and SEEDS >= 16
    alive = [found for found in shipped.map.cells.values() if found.diverged is None]
    assert all(found.values.keys() == set(MEASURES) and found.curves.keys() <= set(CURVES) for found in alive)
    assert len(findings(shipped.map)) >= 4 and all(axis in shipped.sweep_command for axis in shipped.specs)


@pytest.mark.thorough
@pytest.mark.parametrize("name", finished_maps())
def test_training_a_cell_of_a_shipped_map_gives_what_is_shipped(name):
    """Half a minute: whole runs. A later version of torch may round differently, and after hundreds of updates a seed may then end elsewhere;
    the means over seeds still agree."""
    shipped = SHIPPED_MAPS[name]
    place = ((1, 1), "GRPO")
    kept, trained = shipped.map.cells[place], train_units([Unit(shipped.grid.configs[place])])[0]
    for measure in ("collapsed", "eval_accuracy"):
        assert np.mean(kept.values[measure]) == pytest.approx(np.mean(trained.values[measure]), abs=0.15)
