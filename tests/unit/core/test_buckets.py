"""Token buckets: bounded, and honest about time."""

from offhook.core.buckets import Buckets
from offhook.core.clock import NS_PER_SECOND


def test_a_burst_and_then_the_rate() -> None:
    buckets = Buckets(rate=2, burst=3)
    assert [buckets.take(0, "a") for _ in range(4)] == [True, True, True, False]
    assert buckets.take(0, "b"), "each source has its own"
    assert buckets.wait(0, "a") == 0.5
    assert not buckets.take(NS_PER_SECOND // 4, "a")
    assert buckets.wait(NS_PER_SECOND // 4, "a") == 0.25
    assert buckets.take(NS_PER_SECOND // 2, "a")
    assert [buckets.take(60 * NS_PER_SECOND, "a") for _ in range(4)] == [True, True, True, False]
    assert buckets.wait(0, "unheard") == 0


def test_the_table_is_bounded_and_forgets_the_longest_unheard() -> None:
    buckets = Buckets(rate=1, burst=1, size=3)
    for source in ("a", "b", "c", "a", "d"):
        buckets.take(0, source)
    assert len(buckets) == 3
    assert buckets.empty(0, "a")
    assert not buckets.empty(0, "b")


def test_time_that_goes_back_gives_nothing() -> None:
    buckets = Buckets(rate=1, burst=1)
    assert buckets.take(10 * NS_PER_SECOND, "a")
    assert not buckets.take(0, "a")
