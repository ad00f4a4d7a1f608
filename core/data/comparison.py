"""The finished default comparison that the page shows before anything is run: every update, with the distributions."""

from __future__ import annotations

from core.data.dataset import Dataset, Kept, trained
from core.settings.scenarios import DEFAULT as SCENARIO
from core.settings.scenarios import SCENARIOS

SHIPPED_COMPARISON = Dataset("comparison", runs=SCENARIOS[SCENARIO].runs, record=lambda _, config: Kept(trained(config)))
