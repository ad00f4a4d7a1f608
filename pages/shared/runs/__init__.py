"""The Runs page: every stored run of this visitor, and every run of a log that was read on Your run, in one table; selected ones can be
overlaid, compared, renamed, deleted, downloaded, and those of the Lab run again.

May import core, pages.shared.common and itself. listed (a row) → listing (all rows) → table (filters, selection) → overlay (charts) →
actions, log_line, groups (commands on what is selected) → deleted (undo).
"""
