"""The history of runs in one SQLite file: schema, rows, columns, reader and writer.

May import settings, engine and analysis.
"""
