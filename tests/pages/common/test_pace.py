"""How much the live board may send, and what is due."""

from pages.shared.common.live_board.pace import BURST, BYTES_PER_SECOND, FEWEST_ROWS, Pace

LONG = 10**6


def send(pace: Pace, size: int, seconds: list[float], updates: int = LONG) -> list[int]:
    """Offer `size` bytes for every update of a tick, halved with each level, at these times: the bytes that were sent."""
    sent = []
    for now in seconds:
        while not pace.admits(size >> pace.level, updates, now):
            pass
        sent.append(size >> pace.level)
    return sent


def ticks(count: int) -> list[float]:
    return [0.5 * (i + 1) for i in range(count)]


def test_what_fits_is_sent_as_it_is():
    pace = Pace(_at=0.0)
    assert send(pace, int(0.5 * BYTES_PER_SECOND), ticks(100)) == [7000] * 100 and pace.level == 0


def test_one_slow_tick_is_no_reason_to_thin():
    pace = Pace(_at=0.0)
    assert pace.admits(5000, LONG, 0.5)
    assert pace.admits(6 * 5000, LONG, 3.5)  # six ticks in one
    assert pace.level == 0


def test_a_fast_run_is_thinned_until_any_five_seconds_are_within_the_budget():
    for size in (8_000, 20_000, 500_000):
        sent = send(Pace(_at=0.0), size, ticks(100))
        most = max(sum(sent[i : i + 10]) for i in range(90))
        assert most <= 5 * BYTES_PER_SECOND + BURST
        assert sent[-1] > 0.5 * BYTES_PER_SECOND / 2 * 0.9  # and not more than it must be


def test_a_picture_keeps_enough_rows_whatever_they_cost():
    pace = Pace(_at=0.0)
    send(pace, 10**9, ticks(20), updates=900)
    assert 900 >> pace.level >= FEWEST_ROWS
