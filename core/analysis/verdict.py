"""Whether a measured contrast counts as a difference. Every sentence about differences uses this rule."""

from __future__ import annotations

from enum import StrEnum

from core.analysis.stats import Estimate

NEGLIGIBLE = 0.005  # a contrast whose whole interval is closer to 0 than this is none to speak of: half a point
LEVEL = 0.0005  # what is smaller is 0.000 to three decimals: an interval that ends there does not exclude 0 for a reader


class Verdict(StrEnum):
    UP = "up"  # the whole interval is above 0
    DOWN = "down"  # below 0
    LEVEL = "level"  # all of it is within NEGLIGIBLE of 0
    UNCLEAR = "unclear"  # it includes 0: the contrast cannot be told from chance
    TOO_FEW = "too few seeds"  # there is no interval


def verdict(contrast: Estimate) -> Verdict:
    if contrast.ci95 is None:
        return Verdict.TOO_FEW
    low, high = contrast.ci95
    if low > -NEGLIGIBLE and high < NEGLIGIBLE:
        return Verdict.LEVEL
    if low < LEVEL and high > -LEVEL:
        return Verdict.UNCLEAR
    return Verdict.UP if low > 0 else Verdict.DOWN
