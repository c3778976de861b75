"""The splitter of test scripts."""

from __future__ import annotations

import pytest

from component.wast.script import Form, parse_script, string_bytes


def test_forms_at_the_top_with_their_lines_and_texts() -> None:
    script = (
        ';; one\n(component\n  (core module) ;; ( not this\n)\n(; (a (; nested ;) b) ;) (assert_invalid (x) "m\\"(")'
    )
    component, assertion = parse_script(script)
    assert (component.head, component.line) == ("component", 2)
    assert component.text(script).endswith(";; ( not this\n)")
    assert (assertion.head, assertion.line, assertion.items[2]) == ("assert_invalid", 5, '"m\\"("')
    assert isinstance(assertion.items[1], Form)
    assert assertion.items[1].head == "x"


@pytest.mark.parametrize("script", ["(a", "a)", '"', "(; (;", "(;"])
def test_what_is_never_closed_is_refused(script: str) -> None:
    with pytest.raises(ValueError):
        parse_script(script)


def test_strings_as_bytes() -> None:
    assert string_bytes(r'"\00asm\0d\t\n\"\u{2603}é"') == b'\0asm\x0d\t\n"\xe2\x98\x83\xc3\xa9'
