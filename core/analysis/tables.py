"""The numbers of a comparison as Markdown tables, and how a number is written. Made from the numbers of summary.json alone."""

from __future__ import annotations

from core.analysis.shape import UNIFORM
from core.analysis.stats import MIN_SEEDS

STATE_WORDS = {  # of `core.analysis.detectors.STATES`: what is said of seeds, and of one seed
    "collapsed": ("seeds that collapsed", "collapsed"),
    "solved": ("seeds that solved the training prompts", "solved"),
    "still_learning": ("seeds of low entropy that still learn", "entropy low, still learning"),
}
TABLE_METRICS = (
    "eval_accuracy",
    "entropy_nats",
    "grad_norm",
    "reward_mean",
    "filter_ratio",
    "all_wrong_fraction",
    "all_right_fraction",
)


def numbers_table(summary: dict) -> str:
    """Initial and final values per algorithm as a Markdown table."""
    labels = list(summary["algorithms"])
    head = "| metric | " + " | ".join(f"{label}: initial → final [95 %]" for label in labels) + " |\n"
    head += "| --- " * (len(labels) + 1) + "|\n"
    rows = []
    for metric in TABLE_METRICS:
        cells = []
        for label in labels:
            m = summary["algorithms"][label][metric]
            cells.append(f"{number(m['initial'])} → {final_text(m)}")
        rows.append(f"| `{metric}` | " + " | ".join(cells) + " |\n")
    for state, (words, _) in STATE_WORDS.items():
        rows.append(
            f"| {words}: share | " + " | ".join(_share(summary["algorithms"][k]["seeds"], state) for k in labels) + " |\n"
        )
    rows.append(
        "| samples generated per seed | "
        + " | ".join(f"{summary['algorithms'][k]['samples_generated']:,.0f}" for k in labels)
        + " |\n"
    )
    return head + "".join(rows)


def seeds_table(summary: dict) -> str:
    """Every seed's final score and state as a Markdown table, for a reader who does not trust a mean."""
    sides = summary["algorithms"]
    head = ["seed", *(f"{label}: {summary['score']}" for label in sides)]
    lines = ["| " + " | ".join(head) + " |", "| --- " * len(head) + "|"]
    for at, seed in enumerate(summary["seeds"]):
        cells = []
        for side in sides.values():
            found = side["by_seed"]
            state = next((f" ({word})" for name, (_, word) in STATE_WORDS.items() if found[name][at]), "")
            cells.append(f"{number(found['eval_accuracy'][at])}{state}")
        lines.append(f"| {seed} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def final_text(metric: dict) -> str:
    """'0.5 [0.4, 0.6]', and the interquartile mean where the seeds are skewed or fall into two groups."""
    text = f"{number(metric['final'])} {bracketed(metric['final_ci95'])}".rstrip()
    return f"{text}, IQM {number(metric['final_iqm'])}" if metric["final_skewed"] else text


def _share(seeds: dict, state: str) -> str:
    """'12 of 16, 0.75 [0.505, 0.898]'."""
    found = seeds[state]
    return f"{found['count']} of {seeds['of']}, {number(found['share'])} {bracketed(found['ci95'])}".rstrip()


def number(value: float | None) -> str:
    """Three significant digits; 'not measured' for None."""
    return "not measured" if value is None else f"{value:.3g}"


def about_intervals(seeds: int) -> str:
    """What the numbers in brackets are, or why there are none."""
    if seeds < MIN_SEEDS:
        return f"Too few seeds to tell how sure the numbers are: an interval needs at least {MIN_SEEDS}."
    return "In brackets: 95 % intervals of the mean over seeds, by Student's t."


def about_numbers(summary: dict) -> str:
    """How the table's shares and interquartile means were made; the second only where the table has one."""
    text = "The intervals of shares are Wilson's."
    if any(side[metric]["final_skewed"] for side in summary["algorithms"].values() for metric in TABLE_METRICS):
        text += (
            " IQM is the interquartile mean, which leaves out the lowest and the highest quarter of the seeds; it stands where the seeds are "
            f"skewed or fall into two groups (bimodality coefficient above {UNIFORM:.2f})."
        )
    return text


def bracketed(ci95: list | None) -> str:
    return f"[{ci95[0]:.3g}, {ci95[1]:.3g}]" if ci95 and None not in ci95 else ""
