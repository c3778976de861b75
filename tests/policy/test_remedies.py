"""What is said to be missing from a remit file makes the program work once it is there."""

from __future__ import annotations

import pytest

from remit.kernel.errors import Code
from remit.kernel.refusals import Refusal, Want
from remit.policy.remedies import remedy
from remit.policy.remit import Remit

REMIT = Remit(
    dirs=[
        Remit.Directory("/data", "data", rules=["read in.txt"]),
        Remit.Directory("/data/deep", "deep", rights="read"),
        Remit.Directory("/", "root", rules=["read x"]),
    ]
)


def said(action: str, subject: str, *, kind: str = "file", rule: str = "", remit: Remit = REMIT) -> str:
    return remedy(remit, Refusal("call", Code.ACCESS, Want(kind, action, subject, rule), subject))


@pytest.mark.parametrize(
    ("action", "subject", "expected"),
    [
        ("read", "/data/b", 'add "read b" to rules in the [[dir]] of "/data"'),
        ("create", "/data/new", 'add "write,create new" to rules in the [[dir]] of "/data"'),
        ("read", "/data", 'add "read ." to rules in the [[dir]] of "/data"'),
        ("read", "/data/a*", 'add "read a\\\\*" to rules in the [[dir]] of "/data"'),
        ("read", '/data/"\n', 'add "read \\"\\U0000000a" to rules in the [[dir]] of "/data"'),
        (
            *("write", "/data/deep/f"),
            'say rules = ["read **", "write f"] in place of rights in the [[dir]] of "/data/deep"',
        ),
        ("read", "/datax", 'add "read datax" to rules in the [[dir]] of "/"'),
    ],
)
def test_paths(action: str, subject: str, expected: str) -> None:
    assert said(action, subject) == expected


def test_a_whole_directory() -> None:
    """As when it is moved: the rule is for all of it, and not for a file called ``**``."""
    told = said("delete", "/data/d/**", rule="delete d/**")
    assert told == 'add "delete d/**" to rules in the [[dir]] of "/data"'
    assert said("delete", "/data/d/**") == 'add "delete d/\\\\*\\\\*" to rules in the [[dir]] of "/data"'


def test_what_can_only_be_read_has_no_remedy_for_more() -> None:
    archive = Remit(dirs=[Remit.Directory("/z", "a.zip", kind="archive", rules=["read x"])])
    assert said("write", "/z/x", remit=archive) == ""
    assert said("read", "/z/y", remit=archive) == 'add "read y" to rules in the [[dir]] of "/z"'


def test_what_is_in_no_directory() -> None:
    empty = Remit()
    assert said("read", "/etc/passwd", remit=empty) == (
        'add [[file]] with guest = "/etc/passwd", path = "/etc/passwd", rights = "read"'
    )
    assert said("read", "somewhere", remit=empty) == "", "a name whose place is not known"


def test_networks() -> None:
    assert (
        said("connect", "10.0.0.1:80", kind="network", rule="10.0.0.1:80") == 'add "10.0.0.1:80" to allow in [network]'
    )
    assert said("connect", "10.0.0.1:80", kind="network") == ""
    assert said("GET", "https://x", kind="http") == ""
    rule = "http: GET https://x/"
    assert said("GET", "https://x/", kind="http", rule=rule) == f'add "{rule}" to allow in [network]'
    without = Remit(network=["connect:x:443"], http=False)
    assert said("GET", "https://x/", kind="http", rule=rule, remit=without) == (
        f'add "{rule}" to allow in [network], and take http = false out of it'
    )


def test_directories_in_each_other() -> None:
    """It is the one that was asked."""
    dirs = [Remit.Directory("/d", "d", rules=["read x"]), Remit.Directory("/d/sub", "e", rules=["read g"])]
    remit, want = Remit(dirs=dirs), Want("file", "read", "sub/f")
    for grant, line in (("/d", "read sub/f"), ("/d/sub", "read f"), ("", "read f")):
        refusal = Refusal("call", Code.ACCESS, want, "/d/sub/f", grant)
        place = grant or "/d/sub"
        assert remedy(remit, refusal) == f'add "{line}" to rules in the [[dir]] of "{place}"'


def test_single_files() -> None:
    remit = Remit(files=[Remit.File("/etc/hosts", "conf/hosts")])
    assert said("write", "/etc/hosts", remit=remit) == 'say rights = "read,write" in the [[file]] of "/etc/hosts"'
    assert said("read", "/etc/other", remit=remit) == (
        'add [[file]] with guest = "/etc/other", path = "conf/other", rights = "read"'
    )
    assert said("read", "/etc", remit=remit) == "", "a directory of single files has none of its own to be listed"


@pytest.mark.parametrize(
    "rule", ["resolve:127.1", f"resolve:{'x' * 300}", "http: GET http://127.1:80/", "http: GET http://0x7f000001/"]
)
def test_what_no_rule_can_say_has_no_remedy(rule: str) -> None:
    kind = "http" if rule.startswith("http") else "network"
    assert said("connect", "it", kind=kind, rule=rule) == ""


def test_a_socket_without_any_network() -> None:
    told = said("open", "a socket", kind="network")
    assert told == 'add [network] with allow = ["HOST:PORT"], of what it shall reach'
