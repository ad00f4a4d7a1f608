"""The sections of docs/reliability.md made from bench/load.json and bench/soak.json."""

from __future__ import annotations

import json
from pathlib import Path

from bench.marked import replace_section

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reliability.md"
HERE = Path(__file__).parent
LATENCIES = {
    "open": "opening the page",
    "interactions": "all interactions on it",
    "run": "… pressing Run",
    "setting": "… changing a setting or the view",
    "page": "… changing the page",
    "ticks": "a live update",
}
FIGURES = {"rss": "memory, MB (RSS)", "threads": "threads", "files": "open files", "database": "database, MB"}


def write(page: Path = PAGE, folder: Path = HERE) -> None:
    """Tell in `page` what was measured; what was not stays as it was."""
    text = page.read_text(encoding="utf-8")
    if (file := folder / "load.json").exists():
        results = json.loads(file.read_text())
        text = replace_section(text, "load", load_section(results))
        text = replace_section(text, "memory", memory_section(results))
    if (file := folder / "soak.json").exists():
        text = replace_section(text, "soak", soak_section(json.loads(file.read_text())))
    page.write_text(text, encoding="utf-8")


def load_section(results: dict) -> str:
    alone, crowd, leaving = (results[part] for part in ("alone", "crowd", "leaving"))
    return "\n\n".join(
        [
            _bars(results["bars"], lambda name: name not in ("idle", "two comparisons")),
            _latencies(alone, crowd),
            f"{crowd['visitors']} visitors, {crowd['runners']} of whom pressed Run within a second, one of them in three tabs: "
            f"{crowd['comparisons']} comparisons with {crowd['result_seconds']['count']} results, the last after "
            f"{crowd['all_results_seconds']:.0f} s. One visitor alone had a result after {alone['result_seconds']['median']:.1f} s, so "
            f"{crowd['comparisons']} one after the other would have taken {crowd['comparisons'] * alone['result_seconds']['median']:.0f} s. "
            f"{crowd['positions_told']:,} queue positions were told and {crowd['messages']:,} messages looked through. In "
            f"{crowd['refused_tails']} of {crowd['ticks']['count']:,} live updates a board noticed that it had missed one, asked for it and "
            f"was sent it; {crowd['ends_lost']} times Streamlit did not tell a page that its run had ended, because a live update was asked "
            f"for at that moment. The server used {crowd['server_cores']:.2f} cores ({alone['server_cores']:.2f} with one visitor), the "
            f"visitors {crowd['visitors_cores']:.2f}; it held {crowd['memory']['rss']:.0f} MB in the end.",
            f"When everybody had left a run that was paused, one that trained and one that waited, the last of them ended after "
            f"{leaving['seconds']:.1f} s; the grace period is {leaving['grace_seconds']:.0f} s. Threads before: "
            f"{_threads(leaving['threads_before'])}; after: {_threads(leaving['threads_after'])}.",
            _machine(results["machine"]),
        ]
    )


def memory_section(results: dict) -> str:
    rows = [
        f"| {words} | {found['rss']:.0f} | {found['pss']:.0f} |"
        for words, found in (
            ("idle, after the first visit", results["memory"]["idle"]),
            ("two default comparisons training, at most", results["memory"]["two_comparisons"]),
            ("both done", results["memory"]["done"]),
        )
    ]
    head = "| the server, MB | RSS | PSS |\n| --- | --- | --- |"
    bars = _bars(results["bars"], lambda name: name in ("idle", "two comparisons"))
    return "\n\n".join(["\n".join([head, *rows]), bars, _machine(results["machine"])])


def soak_section(result: dict) -> str:
    rows = []
    for name, words in FIGURES.items():
        found = result["second_half"][name]
        rows.append(
            f"| {words} | {found['mean']:.4g} | {found['slope']:+.2g} ({found['low']:+.2g} to {found['high']:+.2g}) | "
            f"{'level' if found['level'] else '**grows**'} |"
        )
    head = "| | mean of the second half | per minute, with its 95 % interval | |\n| --- | --- | --- | --- |"
    did = result["did"]
    told = (
        f"{result['minutes']:.0f} minutes, {result['visitors_at_a_time']} visitors at a time: {did['visitors']} came and started "
        f"{did['runs']} comparisons; {did.get('stays', 0)} stayed for the result, {did.get('reloads', 0)} reloaded the page while it "
        f"trained and stayed, {did.get('leaves', 0)} left while it trained, {did.get('pauses and leaves', 0)} paused it and left. The "
        f"pages showed {len(result['errors'])} errors, the server's log {result['tracebacks']}. What was started "
        f"{result['kept_seconds']:.0f} s ago was deleted, in place of the 72 hours of a shared server."
    )
    return "\n\n".join([told, "\n".join([head, *rows]), _minutes(result["readings"]), _machine(result["machine"])])


def _minutes(readings: list[dict]) -> str:
    """The first reading of each minute."""
    rows, minute = [], -1
    for reading in readings:
        if reading["seconds"] // 60 > minute:
            minute = reading["seconds"] // 60
            cells = (f"{reading[name]:.0f}" for name in ("runs_started", "rss", "threads", "files"))
            rows.append(f"| {minute:.0f} | {' | '.join(cells)} | {reading['database']:.2f} |")
    head = "| minute | comparisons started | memory, MB (RSS) | threads | open files | database, MB |"
    return "\n".join([head, "| --- | --- | --- | --- | --- | --- |", *rows])


def _latencies(alone: dict, crowd: dict) -> str:
    rows = []
    for name, words in LATENCIES.items():
        one, many = (part.get(name) or part["by_kind"].get(name) for part in (alone, crowd))
        if one and many and one["count"] and many["count"]:
            cells = (f"{part['median']:.2f} | {part['p95']:.2f}" for part in (one, many))
            rows.append(f"| {words} | {' | '.join(cells)} | {many['p95'] / one['p95']:.1f} | {many['count']:,} |")
    head = "| seconds | one visitor: median | 95 % | {}: median | 95 % | ratio of the 95 % | how many |"
    return "\n".join([head.format(crowd["visitors"]), "| --- | --- | --- | --- | --- | --- | --- |", *rows])


def _bars(bars: list[dict], wanted) -> str:
    rows = [
        f"| {bar['words']} | {bar['value']:.4g} | {bar['most']:g} | {'✓' if bar['holds'] else _missed(bar)} |"
        for bar in bars
        if wanted(bar["name"])
    ]
    return "\n".join(["| | measured | at most | |", "| --- | --- | --- | --- |", *rows])


def _missed(bar: dict) -> str:
    return f"✗ missed by {bar['value'] - bar['most']:.3g}"


def _threads(kinds: dict[str, int]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))


def _machine(machine: dict) -> str:
    return (
        f"{machine['cores']} cores, no GPU, Python {machine['python']}, streamlit {machine['streamlit']}, torch {machine['torch']}; load "
        f"average {machine['load_average_at_start']:.1f} before it began."
    )


if __name__ == "__main__":
    write()
