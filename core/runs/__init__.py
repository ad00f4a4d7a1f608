"""Training in the background for people who come and go: manager, scheduler, queue, reaper and store.

May import settings, engine and analysis. The only package of core that owns threads and files of the history.
"""
