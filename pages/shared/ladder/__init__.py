"""The Ablation ladder: the finished default or a run of one's own, as bars beside the published ladders, in sentences and as a table.

May import core, pages.shared.common and itself. opened (which comparison) → controls (run one) → progress (while it trains) → finished
(tables of what is over) → drawing (bars and sentences) → numbers (table, links, downloads) →
interactions (the factorial).
"""
