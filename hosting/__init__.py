"""How the app is served to others: the container's server, its health check, and the demo's address in README.md.

May import core, pages and bench.marked.
"""
