"""A grid of settings trained cell by cell, on one machine or on a cluster, and what came of it as a map.

    axis       one setting and its values, from text such as learning_rate=1e-4:3e-2:log12
    grid       two or three axes, the sides and their runs: every cell as settings
    unit       some seeds of one cell of one side: what is trained, stored and looked up, by the hash of its settings
    work       trains units that differ only in per-replica settings as one run; what a worker executes
    measured   the numbers that are kept of a unit, as arrays and as bytes
    store      results by key, in one SQLite file
    order      coarse first, then where neighbours differ most
    plan       which units come next, and which of them make a shard
    executor/  the protocol, and two implementations: processes on this machine, Ray
    run        plan → executor → store, until everything is measured or somebody stops it
    map        what is measured so far as tables: ends, shares, differences, with intervals
    boundary, sentences, charts, files    the map drawn, told and written

May import settings, engine and analysis. Nothing of Ray is imported unless it is asked for.
"""
