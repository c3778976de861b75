"""From a remit to directories, streams and sockets that are open."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from remit.filesystems.decoy import Decoy
from remit.fs import Code, Filesystem, How, KernelError, Memory, Overlay, ReadOnly
from remit.kernel.paths import open_at
from remit.policy.granting import Granted, GrantError, add_decoy
from remit.policy.remit import Remit
from remit.policy.remit_grants import DirectoryGrant, FileGrant, StreamFile
from remit.policy.remit_values import RemitError


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("a/in.txt", "a/other.txt", "a/below/x", "b/in.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def told(filesystem: object, path: str, how: int = How.READ) -> str:
    """What opening says."""
    assert isinstance(filesystem, Filesystem)
    root = filesystem.root()
    try:
        open_at(root, path, follow=True, how=how).close()
    except KernelError as error:
        return error.code.value
    finally:
        root.close()
    return "opened"


def test_nothing() -> None:
    granted = Granted(Remit())
    assert granted.options == {"env": {}, "dirs": {}}


def test_each_kind_of_directory_in_order(tree: Path) -> None:
    host = str(tree / "a")
    granted = Granted(
        Remit(
            dirs=[
                DirectoryGrant("/m", kind="memory", max_bytes=10),
                DirectoryGrant("/o", host, kind="overlay"),
                DirectoryGrant("/r", host, rights="read"),
                DirectoryGrant("/w", host, rules=["read in.txt", "create new"]),
            ],
            files=[FileGrant("/etc/in.txt", str(tree / "b/in.txt"))],
        )
    )
    dirs = granted.dirs
    assert [*dirs] == ["/m", "/o", "/r", "/w", "/etc"]
    assert [type(dirs[name]) for name in ("/m", "/o", "/r")] == [Memory, Overlay, ReadOnly]
    assert granted.overlays == {"/o": dirs["/o"]}
    assert told(dirs["/w"], "in.txt") == "opened"
    assert told(dirs["/w"], "other.txt") == Code.NO_ENTRY.value
    assert told(dirs["/w"], "in.txt", How.WRITE) == Code.ACCESS.value
    assert told(dirs["/w"], "new", How.WRITE | How.CREATE) == Code.ACCESS.value


def test_a_single_file_is_all_that_is_seen_of_its_directory(tree: Path) -> None:
    files = [FileGrant("/etc/in.txt", str(tree / "a/in.txt")), FileGrant("/etc/be*", str(tree / "a/be*"), rights="all")]
    etc = Granted(Remit(files=files)).dirs["/etc"]
    assert told(etc, "in.txt") == "opened"
    for hidden in ("other.txt", "below/x", "below"):
        assert told(etc, hidden) == Code.NO_ENTRY.value
    assert told(etc, "in.txt", How.WRITE) == Code.ACCESS.value
    assert told(etc, "bex", How.WRITE | How.CREATE) == Code.ACCESS.value
    assert told(etc, ".") == "opened"
    root = etc.root()  # type: ignore[union-attr]  # known to be there
    with pytest.raises(KernelError, match="no rule allows to"):
        root.entries()
    root.close()


def test_links_lead_out_of_a_single_file_nowhere(tree: Path) -> None:
    (tree / "a/link").symlink_to("../b/in.txt")
    (tree / "a/inner").symlink_to("other.txt")
    files = [FileGrant(f"/etc/{name}", str(tree / "a" / name)) for name in ("link", "inner")]
    etc = Granted(Remit(files=files)).dirs["/etc"]
    assert told(etc, "link") == Code.NOT_CAPABLE.value
    assert told(etc, "inner") == Code.NO_ENTRY.value


def test_quotas_of_directories(tree: Path) -> None:
    def full(remit: Remit, guest: str) -> bool:
        dirs = Granted(remit).dirs
        (tree / "b/new").unlink(missing_ok=True)
        return told(dirs[guest], "new", How.WRITE | How.CREATE) == Code.NO_SPACE.value

    own = DirectoryGrant("/a", str(tree / "a"), rights="all", max_files=0)
    assert full(Remit(dirs=[own]), "/a")
    other = DirectoryGrant("/b", str(tree / "b"), rights="all")
    assert not full(Remit(dirs=[own, other]), "/b")
    assert full(Remit(dirs=[other], limits={"files": 0}), "/b")
    memory = DirectoryGrant("/m", kind="memory", max_files=1)
    assert not full(Remit(dirs=[memory], limits={"files": 0}), "/m")
    file = FileGrant("/etc/new", str(tree / "b/new"), rights="all")
    assert full(Remit(files=[file], limits={"files": 0}), "/etc")


def test_a_quota_of_its_own_is_for_what_overlaps_nothing(tree: Path) -> None:
    own = DirectoryGrant("/a", str(tree / "a"), rights="all", max_files=0, source="remit.toml:7")
    for guest, path, rights in (("/x", "a/below", "read"), ("/x", ".", "all"), ("/x", "a", "read")):
        inner = DirectoryGrant(guest, str(tree / path), rights=rights)
        with pytest.raises(RemitError, match=r"^remit.toml:7: .* overlaps .* limits\.disk"):
            Granted(Remit(dirs=[own, inner]))
    with pytest.raises(RemitError, match="overlaps"):
        Granted(Remit(dirs=[own, DirectoryGrant("/o", str(tree), kind="overlay")]))
    with pytest.raises(RemitError, match="overlaps"):
        Granted(Remit(dirs=[own], files=[FileGrant("/etc/in.txt", str(tree / "a/in.txt"))]))


def test_streams(tree: Path) -> None:
    remit = Remit(
        stdin=StreamFile("a/in.txt"), stdout=StreamFile("b/in.txt"), stderr=StreamFile("log", append=True), base=tree
    )
    granted = Granted(remit)
    assert granted.options["stdin"].read() == b"a/in.txt"
    assert (tree / "b/in.txt").read_bytes() == b""
    opened = [granted.options[name] for name in ("stdin", "stdout", "stderr")]
    granted.close()
    assert all(each.closed for each in opened)
    assert Granted(Remit(stdin="null", stdout="null", stderr="stdout")).options["stderr"] == -2


def test_variables_that_are_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REMIT_TEST", "here")
    monkeypatch.delenv("REMIT_UNSET", raising=False)
    assert Granted(Remit(env={"A": "1", "REMIT_TEST": None})).options["env"] == {"A": "1", "REMIT_TEST": "here"}
    remit = Remit(env={"REMIT_UNSET": None}, sources={"env.REMIT_UNSET": "remit.toml:3"})
    with pytest.raises(GrantError, match=r"^remit\.toml:3: REMIT_UNSET is not set here"):
        Granted(remit)


def test_what_the_host_does_not_have(tree: Path) -> None:
    for remit in (
        Remit(dirs=[DirectoryGrant("/d", "missing", rights="all", source="here")], base=tree),
        Remit(files=[FileGrant("/d/x", "missing/x", source="here")], base=tree),
        Remit(stdin=StreamFile("missing"), base=tree, sources={"streams.stdin": "here"}),
    ):
        with pytest.raises(GrantError, match=rf"^here: {tree}/missing: .*No such file or directory$"):
            Granted(remit)


def test_nothing_stays_open_when_something_fails(tree: Path) -> None:
    before = os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd") else []
    for _ in range(3):
        with pytest.raises(RemitError, match=r"^listen: "):
            Granted(Remit(stdout=StreamFile("log"), listen=["127.0.0.1:0", "nowhere"], base=tree))
    assert (os.listdir("/proc/self/fd") if before else []) == before


def test_the_decoy_is_where_nothing_else_can_be() -> None:
    def with_decoy(*guests: str, sockets: int = 0) -> bool:
        dirs: dict[str, object] = dict.fromkeys(guests)
        add_decoy(dirs, [object()] * sockets)
        return isinstance(dirs.get("/"), Decoy) and [*dirs] == [*guests, "/"]

    assert with_decoy()
    assert with_decoy("/data", "etc")
    for taken in ("/", ".", "./", "//", ""):
        assert not with_decoy("/data", taken)
    assert not with_decoy("/data", sockets=1)


def test_what_fsspec_opens_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    import fsspec

    fsspec.filesystem("memory").pipe("/granted/a.txt", b"a")
    fsspec.filesystem("memory").pipe("/granted/b.txt", b"b")
    granted = Granted(
        Remit(
            dirs=[
                DirectoryGrant("/all", kind="fsspec", url="memory://granted"),
                DirectoryGrant("/one", kind="fsspec", url="memory://granted", rules=["read a.txt"]),
            ]
        )
    )
    assert told(granted.dirs["/all"], "b.txt") == "opened"
    assert told(granted.dirs["/all"], "b.txt", How.WRITE) == "read-only file system"
    assert told(granted.dirs["/one"], "a.txt") == "opened"
    assert told(granted.dirs["/one"], "b.txt") == "no such file or directory"
    bad = Remit(dirs=[DirectoryGrant("/d", kind="fsspec", url="nothing://x", source="x.toml:7")])
    with pytest.raises(GrantError, match=r"^x.toml:7: nothing://x: .*nothing"):
        Granted(bad)
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(GrantError, match=r"^x.toml:7: nothing://x: .* pip install 'remit\[fsspec\]'"):
        Granted(bad)


def test_a_url_is_not_opened_before_it_is_granted() -> None:
    """Nor is fsspec imported for files without one."""
    code = "import sys; from remit.policy.remit import Remit; from remit.policy.granting import Granted; "
    code += 'made = Remit.from_toml(\'[[dir]]\\nguest = "/d"\\nkind = "fsspec"\\nurl = "memory://x"\'); '
    code += "assert 'fsspec' not in sys.modules; Granted(Remit()); assert 'fsspec' not in sys.modules; "
    code += "Granted(made); assert 'fsspec' in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
