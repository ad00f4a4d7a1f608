"""A finding as people read it: sentences from texts/, the settings of their framework, the Learn page and the same disease in the Lab."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.diagnosis import trends
from core.diagnosis.finding import Finding

TEXTS = Path(__file__).parent / "texts"
TABLES = ("settings", "why_not_surer")
SHOWN = ("TRL", "verl")  # for a framework without settings of its own here
FRAMEWORKS = ("TRL", "verl", "ms-swift", "OpenRLHF", "DAPO Lab")

COST = "So far {share} of what was generated taught nothing."
COST_SECONDS = "So far {share} of what was generated taught nothing: {duration} of training."
GROUPS = {
    "too_hard": "The groups are mostly all wrong: the prompts are too hard for this policy.",
    "too_easy": "The groups are mostly all right: the prompts are too easy for this policy.",
    "both": "Some groups are all wrong and some all right: the prompts are too hard and too easy at once.",
    "constant": "The reward is constant, so that the groups are neither too easy nor too hard: the reward does not look at the answer.",
}
GROUP_SIZE = (
    "If the reward is the share of right answers, groups of {group_size} would leave a tenth of them without signal or less."
)
INFERRED = {
    "logged": "A prompt has {size} answers, by the column {size_column}.",
    "means": "A prompt has {size} answers: {size_column} moves in steps of 1/{size_completions}, and the share of groups without signal "
    "in steps of 1/{size_groups}.",
    "deviations": "A prompt has {size} answers: {size_column} takes only the few values that groups of {size} can have.",
}
EXPECTED = (
    "Groups of {size} would be without signal in {expected} if every prompt had the same chance; what is above that comes from prompts "
    "that differ."
)
NO_GROUP_SIZE = "If the reward is the share of right answers, not even groups of 64 would mend it."


@dataclass(frozen=True)
class Remedy:
    """`settings`: (framework, exact names and values)."""

    text: str
    settings: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Explanation:
    title: str
    seen: str
    cost: str  # "" if the log does not tell
    unsure: tuple[str, ...]
    causes: str
    remedies: tuple[Remedy, ...]
    learn: str  # the page's module in pages/
    lab: str  # the parameters of a link to the Compare page, "" if no scenario shows it


def told(finding: Finding, framework: str = "") -> Explanation:
    """The finding in sentences. KeyError if its texts lack a sentence or a placeholder."""
    head, sections = read_text(finding.kind)
    key = f"seen: {finding.variant}" if finding.variant else "seen"
    facts = {**finding.facts, "zeros_bound": finding.facts.get("zeros", "")}
    seen = [sections[key if key in sections else "seen"].format(**facts), *_about_groups(finding)]
    unsure = dict(read_table("why_not_surer"))
    return Explanation(
        title=head["title"], seen=" ".join(seen), cost=_cost(finding), unsure=tuple(unsure[name].strip() for name in finding.unsure),
        causes=sections["causes"], remedies=tuple(remedy(name.strip(), framework) for name in head["try"].split(",")),
        learn=head["learn"], lab=head.get("lab", ""),
    )  # fmt: skip


def remedy(name: str, framework: str) -> Remedy:
    """What to try, in `framework`'s own settings; for one that is not known here, in TRL's and verl's."""
    lines = dict(read_table("settings"))[name].splitlines()
    text = " ".join(line for line in lines if line and not line.startswith("- "))
    settings = [tuple(line.removeprefix("- ").split(": ", 1)) for line in lines if line.startswith("- ")]
    wanted = (framework,) if framework in FRAMEWORKS else SHOWN
    return Remedy(text, tuple((who, what) for who, what in settings if who in wanted))


def _about_groups(finding: Finding) -> list[str]:
    if finding.kind != "no_signal":
        return []
    said = [GROUPS[finding.facts["groups"]]] if finding.facts["groups"] in GROUPS else []
    if "size" in finding.facts:
        said.append(INFERRED[finding.facts["size_how"]].format(**finding.facts))
    if "expected" in finding.facts and finding.facts["groups"] != "constant":
        said.append(EXPECTED.format(**finding.facts))
    size = finding.facts["group_size"]
    if size != "unknown" and finding.facts["groups"] != "constant":
        said.append(NO_GROUP_SIZE if size == "none" else GROUP_SIZE.format(group_size=size))
    return said


def _cost(finding: Finding) -> str:
    if finding.cost is None:
        return ""
    share, seconds = trends.percent(finding.cost.share), finding.cost.seconds
    return COST.format(share=share) if seconds is None else COST_SECONDS.format(share=share, duration=_duration(seconds))


def _duration(seconds: float) -> str:
    size, unit = next(((size, unit) for size, unit in ((3600, "hours"), (60, "minutes")) if seconds >= size), (1, "seconds"))
    return f"{trends.number(seconds / size)} {unit}"


@cache
def read_text(kind: str) -> tuple[dict[str, str], dict[str, str]]:
    """The head (title, learn, lab, try) and the sections of a kind's file."""
    parts = (TEXTS / f"{kind}.md").read_text(encoding="utf-8").split("\n## ")
    title, *lines = [line for line in parts[0].splitlines() if line]
    head = {"title": title.removeprefix("# ")} | dict(line.split(": ", 1) for line in lines)
    return head, {name: " ".join(body.split()) for name, body in (part.split("\n", 1) for part in parts[1:])}


@cache
def read_table(name: str) -> tuple[tuple[str, str], ...]:
    """(name, text) of every entry of a file of entries."""
    parts = ("\n" + (TEXTS / f"{name}.md").read_text(encoding="utf-8")).split("\n# ")[1:]
    return tuple((entry, body.strip()) for entry, body in (part.split("\n", 1) for part in parts))


def kinds() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in TEXTS.glob("*.md") if path.stem not in TABLES))
