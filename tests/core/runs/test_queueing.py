"""Who is next: turns between owners, whole groups at a time, and positions that tell the truth."""

import random

import pytest

from core.runs.queueing import REMEMBERED_OWNERS, FairQueue


def drained(queue: FairQueue) -> list:
    return [queue.pop() for _ in range(len(queue))]


def test_one_owner_is_served_in_order_of_arrival():
    queue = FairQueue()
    queue.add("ann", 1, ["a1", "a2"])
    queue.add("ann", 2, ["b1"])
    assert drained(queue) == ["a1", "a2", "b1"]


def test_owners_take_turns_and_a_turn_is_a_whole_group():
    queue = FairQueue()
    for group in range(3):
        queue.add("ann", group, [f"ann{group}x", f"ann{group}y"])
    queue.add("bob", "b", ["bob-x", "bob-y"])
    queue.add("cy", "c", ["cy-x"])
    assert drained(queue) == ["ann0x", "ann0y", "bob-x", "bob-y", "cy-x", "ann1x", "ann1y", "ann2x", "ann2y"]


def test_who_comes_later_goes_before_who_was_served_already():
    queue = FairQueue()
    queue.add("ann", 1, ["a1"])
    assert queue.pop() == "a1"
    queue.add("ann", 2, ["a2"])
    queue.add("ann", 3, ["a3"])
    queue.add("bob", 1, ["b1"])
    assert drained(queue) == ["b1", "a2", "a3"]


def test_a_group_that_has_begun_is_finished_first():
    queue = FairQueue()
    queue.add("ann", 1, ["a1", "a2", "a3"])
    assert queue.pop() == "a1"
    queue.add("bob", 1, ["b1"])
    queue.add("ann", 2, ["front"], front=True)
    assert drained(queue) == ["a2", "a3", "b1", "front"]


def test_front_is_the_front_of_the_owners_own_line_only():
    queue = FairQueue()
    queue.add("bob", 1, ["b1"])
    queue.add("ann", 1, ["a1"])
    queue.add("ann", 2, ["a2"], front=True)
    assert drained(queue) == ["b1", "a2", "a1"]


def test_removed_items_are_gone_and_nobody_else_moves():
    queue = FairQueue()
    queue.add("ann", 1, ["a1", "a2"])
    queue.add("bob", 1, ["b1"])
    queue.add("ann", 2, ["a3"])
    assert queue.remove("a1") and queue.remove("b1") and not queue.remove("b1")
    assert len(queue) == 2
    assert drained(queue) == ["a2", "a3"]


def test_a_turn_cut_short_by_a_removal_counts_as_a_turn():
    queue = FairQueue()
    queue.add("ann", 1, ["a1", "a2"])
    queue.add("ann", 2, ["a3"])
    queue.pop()
    queue.add("bob", 1, ["b1"])
    queue.remove("a2")
    assert drained(queue) == ["b1", "a3"]


def test_nothing_is_no_group_and_an_empty_queue_has_no_next():
    queue = FairQueue()
    queue.add("ann", 1, [])
    assert len(queue) == 0 and list(queue) == []
    with pytest.raises(IndexError, match="empty"):
        queue.pop()


def test_iterating_shows_the_true_order_and_changes_nothing():
    dice = random.Random(0)
    queue, waiting, made = FairQueue(), [], 0
    for _ in range(500):
        order = list(queue)
        assert order == list(queue) and sorted(order) == sorted(waiting) and len(queue) == len(order)
        act = dice.random()
        if act < 0.4:
            items = [made := made + 1 for _ in range(dice.randint(1, 3))]
            queue.add(dice.choice("abcd"), made, items, front=dice.random() < 0.3)
            waiting += items
        elif act < 0.5 and waiting:
            gone = dice.choice(waiting)
            queue.remove(gone)
            waiting.remove(gone)
        elif waiting:
            assert queue.pop() == order[0]
            waiting.remove(order[0])
            assert list(queue) == order[1:]


def test_nobody_waits_longer_than_one_turn_of_each_other_owner():
    queue = FairQueue()
    for owner in "abc":
        for group in range(5):
            queue.add(owner, (owner, group), [f"{owner}{group}"])
    order = [item[0] for item in drained(queue)]
    assert all(set(order[i : i + 3]) == set("abc") for i in range(0, 15, 3))


def test_memory_of_who_was_served_is_bounded():
    queue = FairQueue()
    for n in range(REMEMBERED_OWNERS + 50):
        queue.add(str(n), n, [n])
        queue.pop()
    assert len(queue._served) == REMEMBERED_OWNERS and not queue._lines
