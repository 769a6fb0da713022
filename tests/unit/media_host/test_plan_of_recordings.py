"""Where a recording gets its conversation from when it moves: it stays on its worker, links come to it."""

from itertools import count

from offhook.ipc.media import CloseLink, OpenLink
from offhook.media.plan import Plan


def make() -> Plan:
    names = count(1)
    return Plan("/run", lambda: f"link{next(names)}")


def test_a_worker_without_a_part_gets_a_link_that_goes_when_the_recording_ends() -> None:
    plan = make()
    plan.join("B", "room", "two")
    assert plan.move("rec", "room", "one") == [
        ("two", OpenLink("link1.a", "room", "/run/link1.a", "/run/link1.b")),
        ("one", OpenLink("link1.b", "room", "/run/link1.b", "/run/link1.a")),
    ]
    assert plan.move("rec", "room", "one") == []
    assert plan.join("A", "room", "one") == []
    assert plan.leave("A") == []
    assert plan.release("rec") == [("two", CloseLink("link1.a")), ("one", CloseLink("link1.b"))]
    plan.leave("B")
    assert len(plan) == 0


def test_the_conversation_that_it_leaves_is_forgotten_with_the_last_leg() -> None:
    plan = make()
    plan.join("A", "call", "one")
    assert plan.hold("rec", "call", "one") == "one"
    assert plan.join("A", "room", "one") == []
    assert len(plan) == 2
    assert plan.move("rec", "room", "one") == []
    assert (plan.home("call"), plan.home("room")) == (None, "one")
    assert plan.move("rec", None, "one") == []
    assert plan.release("rec") == []
    plan.leave("A")
    assert len(plan) == 0


def test_a_recording_of_a_leg_alone_may_join_a_conversation_later() -> None:
    plan = make()
    assert plan.move("rec", None, "one") == []
    assert plan.move("rec", "room", "one") == []
    assert plan.home("room") == "one"
    plan.lose("one")
    assert len(plan) == 0
    assert plan.release("rec") == []
