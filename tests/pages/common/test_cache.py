"""The bounded cache of the pages."""

from __future__ import annotations

import threading

import pytest

from pages.shared.common.cache import Cache


def test_what_was_used_longest_ago_goes_when_the_sizes_exceed_the_bound():
    cache = Cache(10, size=len)
    cache.put("a", "1234")
    cache.put("b", "1234")
    assert cache.get("a") == "1234"
    cache.put("c", "1234")
    assert cache.get("b") is None and cache.get("a") == "1234" and "c" in cache and cache.size == 8
    cache.put("a", "1")  # replaced: 5 in all
    cache.put("d", "12345")
    assert cache.get("c") == "1234" and cache.get("a") == "1" and cache.size == 10


def test_a_value_larger_than_the_bound_is_kept_alone():
    cache = Cache(10, size=len)
    cache.put("small", "1")
    cache.put("huge", "x" * 99)
    assert cache.get("huge") == "x" * 99 and "small" not in cache
    cache.put("small", "1")
    assert "huge" not in cache


def test_of_many_who_ask_at_once_one_computes():
    cache, made, together = Cache(2), [], threading.Barrier(4)

    def make() -> int:
        made.append(1)
        return 7

    def ask() -> None:
        together.wait(30)
        assert cache.made("key", make) == 7

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert made == [1]


def test_what_could_not_be_computed_is_not_kept():
    cache = Cache(2)
    with pytest.raises(ZeroDivisionError):
        cache.made("key", lambda: 1 // 0)
    assert cache.made("key", lambda: 5) == 5
