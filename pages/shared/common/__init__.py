"""What pages share: frame, live board, findings, process-wide manager, and views of runs.

May import core, and no package of a page.
"""
