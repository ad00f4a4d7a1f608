"""The Runs page: every stored run of this person in a table; any of them over each other, compared, renamed, deleted, downloaded, run again.

May import core, pages.shared.common and itself. listing (what is known about each run) → table (filters, selection) → overlay (charts) →
actions (what can be done with the selected runs) → deleted (undo).
"""
