"""The Runs page: every stored run of this visitor in a table; selected runs can be overlaid, compared, renamed, deleted, downloaded and run
again.

May import core, pages.shared.common and itself. listing (the data of each run) → table (filters, selection) → overlay (charts) → actions
(commands on the selected runs) → deleted (undo).
"""
