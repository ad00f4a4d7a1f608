"""What the page *Your run* is made of: giving a log, keeping it, following one that grows, its board, and what its columns were taken for.

Imports core, pages.shared.common and itself.
"""
