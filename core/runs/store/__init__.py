"""The history of all runs in one SQLite file, which several processes may share: `store.Store` is what others use.

    store       what can be written and read
    schema      the tables, their versions, and how the file is opened
    writer      the one thread that writes
    rows        what an update measured, as bytes and back
    processes   which processes that use the file are alive

May import what core.runs may, and of core.runs only `service` and `view`.
"""
