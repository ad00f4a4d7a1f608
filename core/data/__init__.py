"""The finished comparison, ladder, factorials and maps that are shipped, and `python -m core.data`, which makes them.

May import every other package of core but commands.
"""
