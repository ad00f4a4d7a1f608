"""What pages share: frame and menu, session state, caches, texts, live board, findings, the run manager of the process, views of runs.

May import core and itself, and no package of a page.
"""
