"""One update trained again and opened: its groups, tokens, weights, sentences and charts.

May import settings, engine and analysis.
"""
