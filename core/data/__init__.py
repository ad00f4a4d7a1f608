"""The finished comparison and ladder that are shipped, in one format, and the commands that make them.

May import every other package of core but commands.
"""
