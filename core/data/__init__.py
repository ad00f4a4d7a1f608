"""The finished comparison, ladder and factorials that are shipped, in one format, and `python -m core.data`, which makes them.

May import every other package of core but commands.
"""
