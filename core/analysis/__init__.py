"""What a run measured and what follows from it: metrics, histories, statistics, detectors, summaries, reports, exports and charts.

May import settings and engine.
"""
