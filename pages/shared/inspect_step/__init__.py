"""The page *Inspect a step*: any update of any run, trained again and opened.

May import core, pages.shared.common and itself. place (the address) → controls (run, seed, update) → replays (the step) → batch (all its
groups) → group (its completions and tokens).
"""
