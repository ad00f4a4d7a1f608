"""What came of a run: metrics, histories, statistics, detectors, summaries, reports, exports and charts.

May import settings and engine.
"""
