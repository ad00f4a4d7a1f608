"""The Compare page: choose a scenario, train its sides, watch them live and read what came of it.

May import core, pages.shared.common and itself.
"""
