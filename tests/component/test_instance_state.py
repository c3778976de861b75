from __future__ import annotations

import pytest

from remit.component.instance_state import ComponentInstance
from remit.engine.api import Trap


def test_an_instance_is_entered_once_at_a_time() -> None:
    instance = ComponentInstance()
    instance.enter_from(None)
    with pytest.raises(Trap, match="cannot enter component instance"):
        instance.enter_from(None)
    instance.leave_to(None)
    instance.enter_from(None)


def test_siblings_call_each_other_but_not_back() -> None:
    parent = ComponentInstance()
    one, other = ComponentInstance(parent), ComponentInstance(parent)
    one.enter_from(None)
    assert (parent.may_enter, one.may_enter, other.may_enter) == (False, False, True)
    other.enter_from(one)
    with pytest.raises(Trap, match="cannot enter"):
        one.enter_from(other)
    other.leave_to(one)
    one.leave_to(None)
    assert all(each.may_enter for each in (parent, one, other))


def test_an_instance_is_entered_with_those_around_it() -> None:
    parent = ComponentInstance()
    child = ComponentInstance(parent)
    child.enter_from(None)
    with pytest.raises(Trap, match="cannot enter"):
        parent.enter_from(None)
    child.leave_to(None)
    parent.enter_from(None)
    child.enter_from(parent)
    child.leave_to(parent)
    assert (parent.may_enter, child.may_enter) == (False, True)


def test_nothing_is_entered_when_it_traps() -> None:
    parent = ComponentInstance()
    one, other = ComponentInstance(parent), ComponentInstance(parent)
    one.enter_from(None)
    with pytest.raises(Trap, match="cannot enter"):
        other.enter_from(None)
    assert other.may_enter
