"""Sessions and transactions by the connection that they are on."""

from offhook.sip.flow import Flow
from offhook.sip.flow_users import FlowUsers

ONE = Flow("tcp", ("192.0.2.1", 5060), ("192.0.2.9", 40_001))
TWO = Flow("tcp", ("192.0.2.1", 5060), ("192.0.2.9", 40_002))


def test_users_are_found_in_the_order_in_which_they_came() -> None:
    users = FlowUsers()
    for name in "cab":
        users.put(name, ONE)
    users.put("c", ONE)
    users.put("a", TWO)
    assert users.on(ONE) == ["c", "a", "b"]
    assert users.on(TWO) == ["a"]


def test_who_is_dropped_is_on_no_flow_and_a_flow_without_users_is_forgotten() -> None:
    users = FlowUsers()
    users.put("a", ONE)
    users.put("a", TWO)
    users.put("b", TWO)
    users.drop("a")
    assert (users.on(ONE), users.on(TWO), len(users)) == ([], ["b"], 1)
    users.drop("a")
    users.drop("b")
    assert len(users) == 0
