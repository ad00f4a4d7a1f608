"""What the board says of its lines: one line beside the legend."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from pages.shared.common.live_board.payload import note


@pytest.mark.parametrize(
    ("seeds", "told"),
    [
        ((), "each line is one run: no band"),
        ((1, 1), "each line is one run: no band"),
        ((2,), "mean over 2 seeds · no band: an interval needs at least 3"),
        ((1, 2), "mean over 1 to 2 seeds · no band: an interval needs at least 3"),
        ((3,), "mean over 3 seeds · band: 95 % interval of the mean"),
        ((16, 8, 16), "mean over 8 to 16 seeds · band: 95 % interval of the mean"),
        ((1, 16), "mean over 1 to 16 seeds · band: 95 % interval of the mean, where there are at least 3 seeds"),
    ],
)
def test_a_band_is_claimed_only_where_there_is_one(seeds, told):
    assert note({f"side {i}": SimpleNamespace(seeds=range(count)) for i, count in enumerate(seeds)}) == told
