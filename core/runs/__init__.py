"""Runs that train in the background, in one process, for visitors who connect and leave: `manager.RunManager` is what others use.

    manager     start, pause, change and end comparisons; the interface to the rest
    held        the comparisons in memory or in the store as pages read them, and who looks at them
    live        a run in memory, and the runs that were started together
    view        what pages see of a run, in memory or stored
    scheduler   which runs train now: slots, their threads, replays
    replays     replays that wait for a slot: one at a time, owners take turns
    threads     what a thread that trains sets for itself
    queueing    the order of the queue, fair between owners
    admission   bounds on what is held in memory, and what is removed first
    reaper      ends runs without viewers and runs that exceed their time; cleans up
    recorder    writes runs in memory to the store and reads the others from it
    sweeps      maps that train in the background, one at a time, behind everything else
    store/      the history: one SQLite file
    service     threads that continue after errors
    memory      bounds the memory that the C library's allocator retains
    clock       detects clock changes and suspended hosts
    foreground  trains a comparison at once, for commands; needs none of the others

May import core.settings, engine, analysis, inspection, ladder, logs, diagnosis, recipes and sweep; commands and pages import it.
"""
