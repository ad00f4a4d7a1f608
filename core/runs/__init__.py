"""Runs that train in the background, in one process, for visitors who connect and leave: `manager.RunManager` is what others use.

    manager     start, pause, look at and end comparisons; the only door to the rest
    live        a run in memory, and the runs that were started together
    view        what pages see of a run, in memory or stored
    scheduler   which runs train now: slots, their threads, replays
    queueing    the order of the queue, fair between people
    admission   how much is held at most, and what is let go
    reaper      ends runs that nobody watches or whose time is over; cleans up
    recorder    writes runs in memory to the store and reads the others from it
    store/      the history: one SQLite file
    service     threads that outlive errors
    memory      what the C library keeps for itself
    clock       clocks that jump, hosts that sleep
    foreground  a comparison trained at once, for commands; needs none of the others

May import core.settings, engine, analysis, inspection, ladder, logs, diagnosis, recipes, sweep and exercises; commands and pages import it.
"""
