"""One update, trained again and taken apart: its groups, tokens and weights, in tables, sentences and charts.

May import settings, engine and analysis.
"""
