"""The factorials that are shipped: on the default comparison, and where every technique has something to act on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.ladder.factorial.cells import factorial_runs
from core.settings.overrides import apply_overrides
from core.settings.run import RunConfig
from core.settings.scenario import Scenario
from core.settings.scenarios import find_scenario


@dataclass(frozen=True)
class Study:
    """A factorial: a scenario, settings that differ from it (as `--set` takes them), and its budget and seeds."""

    title: str
    about: str  # one sentence: why here
    scenario_name: str
    settings: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)  # arguments of `factorial_runs`

    @property
    def scenario(self) -> Scenario:
        return find_scenario(self.scenario_name)

    @property
    def command(self) -> str:
        """What trains it."""
        names = {"samples": "--budget samples={}", "replicas": "--seeds {}", "first_seed": "--first-seed {}"}
        options = [f"--set {setting}" for setting in self.settings]
        options += [names[name].format(value) for name, value in self.counts.items()]
        return " ".join(["python -m core factorial --scenario", self.scenario_name, *options, "--out out/factorial"])

    def runs(self, **counts: int) -> dict[str, RunConfig]:
        """Label -> run of every cell; `counts` in place of the study's own."""
        return apply_overrides(factorial_runs(self.scenario, **(counts or dict(self.counts))), list(self.settings))


# The settings of the scenarios were searched for on other seeds than these.
STUDIES = {
    "default": Study(
        "The default comparison",
        "Completions are at most 12 tokens long here, so that the overlong punishment has little room, and every rollout is used once.",
        "collapse",
        counts={"first_seed": 400},
    ),
    "many-passes": Study(
        "Many passes over each rollout",
        "Every rollout is used sixteen times, so that ratios reach the upper clip, and completions may be 18 tokens long, so that the "
        "overlong punishment has room: all four techniques have something to act on.",
        "clip-higher-entropy",
        ("task.length_limit=18", "algorithm.overlong_buffer_tokens=6"),
        {"samples": 16_000, "replicas": 32},
    ),
}
