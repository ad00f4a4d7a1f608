"""The Map of collapse: a finished map or one of one's own, as heat maps that fill in while they are trained, and each cell's curves.

May import core, pages.shared.common and itself. asked (which map: from the address) → controls (choose one, train one) → server (the sweeps of
this process) → drawing (heat maps, findings, progress) → cell (curves, seeds, link).
"""
