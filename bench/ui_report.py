"""The section of bench/README.md made from bench/ui.json."""

from __future__ import annotations

INTRODUCTION = """# The dashboard

    python -m bench.ui                              # all four parts, about half an hour; writes bench/ui.json and this section
    python -m bench.ui traffic viewers              # some of first-point, traffic, viewers, heap; the others stay as they were
    python -m bench.ui heap --minutes 10            # the length of the long run
    python -m bench.ui --quick                      # a few minutes; checks that it runs, and writes nothing

It starts the app as `streamlit run app.py` does and opens it in Chromium; it needs the development requirements."""

# part -> (what it is, a function from the part's results to lines)
ABOUT = {
    "watching": """**Watching.** Chromium's own counters for the page's main thread, in its processor time, while `addition` trains: the
share of a core and the milliseconds per tick, of a visible board and in a hidden tab; and what a first
visit with an empty cache takes. Wanted: 5 % of a core, 20 ms per tick, 1.2 s of processor and 4 MB per load, first chart after 1.5 s.""",
    "first-point": """**First point.** From the click on Run, in the default scenario, to the first point of that run on the
screen: *request* until the browser has sent the click, *server* until the first points are back (the script runs, the manager starts two
runs, the first tick comes), *draw* until a chart shows them. Cold: the first run of a server that has just started; warm: a later one.
Wanted: at most 1 s.""",
    "traffic": """**Traffic.** Bytes that arrive over the websocket, uncompressed as the app is configured, and by the board's own requests,
compressed, at the default tick of half a second, once the run is on the screen. Wanted: at most 20 kB/s. A run that is too fast for that
is sent in coarser steps (`pages/shared/common/live_board/pace.py`).""",
    "viewers": """**Viewers.** What the training of the default comparison, both sides, loses to viewers, in one server: each
viewed period lies between two without, and is divided by their mean. *Protocol* viewers do what a browser does on the wire and come from a
process of the lowest priority, so they show what the server loses; *Chromium* pages draw on the same cores, and what they take is on top.
*Speed* is updates per second, which everything else on the machine disturbs; *processor* is updates per second of the server's own
processor time, which is what remains to be said on a busy machine. Noise is the same ratio with nobody watching. Wanted, of the server:
at most 10 % lost to one viewer, 20 % to four. Up to two who watch get a board every half second; more share four boards a second
(`BOARDS_PER_SECOND` in `pages/shared/common/live.py`), at the slowest one in two seconds each.""",
    "heap": """**Heap.** One page, live updates all the time; what is left after a garbage collection every 30 s. The browser
keeps at most 3000 rows of a side, so the heap grows until each chart has as many points as it draws and is level from then on. Slope over
the second half, with its 95 % interval; wanted: flat. No chart's node may ever be replaced.""",
}


def section(results: dict) -> str:
    """Markdown for all parts that were measured."""
    tables = {"watching": _watching, "first-point": _first_point, "traffic": _traffic, "viewers": _viewers, "heap": _heap}
    parts = [INTRODUCTION]
    for part, result in results.items():
        parts.append(f"{ABOUT[part]}\n\n{tables[part](result)}\n\n{_machine(result['machine'])}")
    return "\n\n".join(parts)


def _watching(result: dict) -> str:
    rows = []
    for name in ("visible, first seconds", "visible", "hidden"):
        seen = result[name]
        share, per_tick = (seen[what] for what in ("share_of_a_core", "milliseconds_per_tick"))
        rows.append(
            f"| {name} | {share['all']:.1%} | {share['scripting']:.1%} | {seen['ticks_per_second']:.1f} | {per_tick['all']:.0f} | "
            f"{seen['draws_per_tick']:.1f} |"
        )
    head = "| board | of a core | scripting | ticks/s | ms per tick | charts drawn per tick |\n|---|--:|--:|--:|--:|--:|"
    load = result["load"]
    told = (
        f"Load: {load['processor_seconds']:.2f} s of processor, {load['megabytes']:.1f} MB, first chart after "
        f"{load['first_chart_seconds']:.2f} s (medians)."
    )
    return "\n".join([head, *rows, "", told])


def _first_point(result: dict) -> str:
    rows = []
    for when in ("cold", "warm"):
        stages = result[when]
        whole = stages["total"]
        parts = " | ".join(f"{stages[name]['median']:.2f}" for name in ("request", "server", "draw"))
        rows.append(f"| {when} | {whole['median']:.2f} | {whole['worst']:.2f} | {parts} |")
    head = "| seconds | median | worst of {} | request | server | draw |\n|---|--:|--:|--:|--:|--:|"
    return "\n".join([head.format(len(result["cold"]["total"]["all"])), *rows])


def _traffic(result: dict) -> str:
    rows = [
        f"| {name} | {sum(r['updates_per_second'].values()):.0f} | {r['mean_kilobytes_per_second']:.1f} | "
        f"{r['most_kilobytes_per_second']:.1f} |"
        for name, r in result.items()
        if name != "machine"
    ]
    return "\n".join(["| run | updates/s, all sides | kB/s, mean | kB/s, most in 5 s |\n|---|--:|--:|--:|", *rows])


def _viewers(result: dict) -> str:
    rows = []
    for kind in ("protocol", "chromium"):
        measured = result[kind]
        for count in measured["speed"]:
            cells = (
                f"{1 - r['median']:.1%} ({1 - r['max']:.1%} to {1 - r['min']:.1%})"
                for r in (measured["speed"][count], measured["per_cpu"][count])
            )
            boards = f"{measured['boards_per_second'][count]:.1f}" if count in measured["boards_per_second"] else ""
            rows.append(f"| {kind} | {count} | {' | '.join(cells)} | {boards} |")
    head = "| viewers | how many | lost, speed | lost, processor | boards sent per second |\n|---|--:|--:|--:|--:|"
    return "\n".join([head, *rows])


def _heap(result: dict) -> str:
    readings, plots = result["readings"], result["plots"]
    half = [r for r in readings if r["seconds"] >= readings[-1]["seconds"] / 2]
    rows = []
    for name, (unit, scale) in {
        "heap_bytes": ("heap, MB", 1e6),
        "nodes": ("DOM nodes", 1),
        "listeners": ("event listeners", 1),
    }.items():
        s = {key: value / scale for key, value in result["slope_per_minute_over_second_half"][name].items()}
        low, high = (pick(r[name] for r in half) / scale for pick in (min, max))
        rows.append(
            f"| {unit} | {readings[0][name] / scale:,.4g} | {low:,.4g} to {high:,.4g} | "
            f"{s['slope']:+.2g} ({s['low']:+.2g} to {s['high']:+.2g}) |"
        )
    head = "| | at the start | second half | per minute, second half |\n|---|--:|--:|--:|"
    return "\n".join(
        [
            head,
            *rows,
            "",
            f"{result['minutes']:.0f} minutes, {readings[-1]['updates']:,} updates of the faster side, {result['board']['tails']:,} ticks. "
            f"Of {plots['at_start']} charts {plots['same']} were the same nodes at the end; {plots['added']} were added and "
            f"{plots['removed']} removed.",
        ]
    )


def _machine(machine: dict) -> str:
    return (
        f"{machine['cores']} cores, Python {machine['python']}, streamlit {machine['streamlit']}, plotly {machine['plotly']}, torch "
        f"{machine['torch']}; load average {machine['load_average_at_start']:.1f} before it began."
    )
