"""The tables of a ladder, computed once per state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from core.analysis.charts.chart import Chart
from core.analysis.result import RunResult
from core.data.ladder import SHIPPED_LADDER
from core.ladder import ORDERS, LadderTable, ladder_table
from core.ladder.charts import ladder_chart
from core.ladder.rungs import SCENARIO
from core.settings.scenario import Scenario
from core.settings.scenarios import SCENARIOS
from pages.shared.common.results import results_of
from pages.shared.ladder.opened import Ladder
from pages.shared.ladder.state import FINISHED


@dataclass(frozen=True)
class Finished:
    """The finished runs of a ladder that have measured something."""

    scenario: Scenario
    results: Mapping[str, RunResult]
    tables: Mapping[str, LadderTable]  # order -> table, of the orders with at least one result
    _charts: dict[tuple, Chart] = field(default_factory=dict, repr=False, compare=False)

    def chart(self, order: str, count: str, *, dark: bool) -> Chart:
        """The bars of one of the `tables`, drawn on the first call: what is finished does not change."""
        key = order, count, dark
        if key not in self._charts:
            self._charts[key] = ladder_chart(self.tables[order], count, dark=dark)
        return self._charts[key]


def finished_part(ladder: Ladder | None) -> Finished:
    if ladder is None:
        return _shipped()
    everything = results_of(ladder.id)
    results = {k: r for k, r in everything.items() if r.status.finished and r.history.trained and k in ladder.configs}
    mark = (ladder.id, tuple(sorted((label, r.status) for label, r in results.items())))
    return FINISHED.of(mark, lambda: _finished(ladder.scenario, results))


def _finished(scenario: Scenario, results: Mapping[str, RunResult]) -> Finished:
    tables = {order: ladder_table(order, scenario, results) for order in ORDERS} if results else {}
    return Finished(scenario, results, {order: table for order, table in tables.items() if table.rows})


@cache
def _shipped() -> Finished:
    return _finished(SCENARIOS[SCENARIO], SHIPPED_LADDER.results)
