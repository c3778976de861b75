"""What a program can make of a remit, told from the names of its imports: what of that can only fail, and what of the
remit it can never use. Nothing is run or opened.
"""

from __future__ import annotations

from remit.filesystems.rules import CREATE, DELETE, READ, SEE, WRITE, FileRule
from remit.network.rules import CONNECT, LISTEN, SEND, Rule
from remit.policy.observing import rules_of
from remit.policy.remit_grants import READ_KINDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.policy.remit import Remit

    Imported = tuple[str, str]
    """An interface, and a function in it; "" for what is no function of one."""

WASI_0_1 = ("wasi_snapshot_preview1", "wasi_unstable")

_RIGHTS = {"create": CREATE, "delete": DELETE, "write": WRITE}

_NEED_RIGHTS = {
    "path_create_directory": ("create",),
    "path_link": ("create",),
    "path_symlink": ("create",),
    "path_rename": ("delete", "create"),
    "path_remove_directory": ("delete",),
    "path_unlink_file": ("delete",),
    "path_filestat_set_times": ("write",),
    "[method]descriptor.create-directory-at": ("create",),
    "[method]descriptor.link-at": ("create",),
    "[method]descriptor.symlink-at": ("create",),
    "[method]descriptor.rename-at": ("delete", "create"),
    "[method]descriptor.remove-directory-at": ("delete",),
    "[method]descriptor.unlink-file-at": ("delete",),
    "[method]descriptor.append-via-stream": ("write",),
    "[method]descriptor.set-size": ("write",),
    "[method]descriptor.set-times": ("write",),
    "[method]descriptor.set-times-at": ("write",),
    "[method]descriptor.write": ("write",),
    "[method]descriptor.write-via-stream": ("write",),
}
"""Functions that fail where nothing has these rights. Opening is none of them: it is for whatever can be done there."""

_NEED_ACTIONS = {
    "[method]tcp-socket.start-connect": (CONNECT, "connect: no rule lets it"),
    "[method]tcp-socket.start-listen": (LISTEN, "listen: no rule lets it"),
    "[method]outgoing-datagram-stream.send": (SEND, "send datagrams: no rule lets it"),
}


class Gets:
    """What a program gets by a remit, as far as that can decide whether a call could succeed."""

    def __init__(self, remit: Remit) -> None:
        self.remit = remit
        self.has_files = bool(remit.dirs or remit.files)
        self.rights = 0
        """Those that something in some directory has."""
        for grant in remit.dirs:
            self.rights |= _rights(rules_of(grant)) & (READ | SEE if grant.kind in READ_KINDS else ~0)
        for file in remit.files:
            self.rights |= _rights([f"{file.rights} x"])
        rules = [] if isinstance(remit.network, str) else [Rule(text) for text in remit.network]
        self.everything = remit.network == "host"
        self.actions = frozenset().union(*[rule.actions for rule in rules])
        self.has_requests = any(rule.requests is not None for rule in rules)

    def why_in_vain(self, interface: str, function: str) -> str | None:
        """What a function is for that can only fail, or find nothing, and why; None for the others."""
        name = interface.partition("@")[0]
        if name in WASI_0_1:
            return self._of_wasi_0_1(function)
        if name.startswith("wasi:filesystem/"):
            return None if function == "filesystem-error-code" else self._of_files(function)
        if name.startswith("wasi:sockets/"):
            return self._of_sockets(function)
        if name == "wasi:http/outgoing-handler":
            return self._of_requests()
        if (name, function) == ("wasi:cli/environment", "get-environment"):
            return self._of_variables()
        return None

    def _of_wasi_0_1(self, function: str) -> str | None:
        if function.startswith("path_") or function == "fd_readdir":
            return self._of_files(function)
        if function.startswith("sock_") and not self.remit.listen:
            return "use a socket: it is handed none"
        if function.startswith("environ_"):
            return self._of_variables()
        return None

    def _of_variables(self) -> str | None:
        return None if self.remit.env else "read environment variables: there are none"

    def _of_files(self, function: str) -> str | None:
        if not self.has_files:
            return "use files: it gets no directory and no file"
        for right in _NEED_RIGHTS.get(function, ()):
            if not self.rights & _RIGHTS[right]:
                return f"{right} files: nothing that it gets may be {_PASSIVE[right]}"
        return None

    def _of_sockets(self, function: str) -> str | None:
        if self.everything or not function:
            return None
        if not self.actions:
            what = "it gets no network" if self.remit.network == "none" else "what it gets is for HTTP requests only"
            return f"use sockets: {what}"
        action, why = _NEED_ACTIONS.get(function, ("", ""))
        return why if action and action not in self.actions else None

    def _of_requests(self) -> str | None:
        if not self.remit.http:
            return "send HTTP requests: http is false"
        if self.everything or self.has_requests or CONNECT in self.actions:
            return None
        return "send HTTP requests: it gets no network" if self.remit.network == "none" else _NO_REQUESTS


_PASSIVE = {"create": "created", "delete": "deleted", "write": "written"}
_NO_REQUESTS = "send HTTP requests: no rule lets it connect, or is for requests"


def _rights(rules: Iterable[str]) -> int:
    rights = 0
    for text in rules:
        rights |= FileRule(text).rights
    return rights


class Asks:
    """What a program can ask for at most, told from what it imports."""

    def __init__(self, imports: Iterable[Imported]) -> None:
        functions = [(interface.partition("@")[0], function) for interface, function in imports]
        of_0_1 = {function for name, function in functions if name in WASI_0_1}
        of_0_2 = set(functions)
        names = {name for name, _ in functions}
        files = "wasi:filesystem/types"
        self.arguments = "args_get" in of_0_1 or ("wasi:cli/environment", "get-arguments") in of_0_2
        self.variables = "environ_get" in of_0_1 or ("wasi:cli/environment", "get-environment") in of_0_2
        self.input = bool({"fd_read", "fd_pread"} & of_0_1) or "wasi:cli/stdin" in names
        self.handed = any(function.startswith("sock_") for function in of_0_1)
        self.files = (
            any(function.startswith("path_") for function in of_0_1)
            or "fd_readdir" in of_0_1
            or "wasi:filesystem/preopens" in names
        )
        opens = "path_open" in of_0_1 or (files, "[method]descriptor.open-at") in of_0_2
        self.rights = CREATE | WRITE if opens else 0
        """Beside those to see and to read."""
        for function, needs in _NEED_RIGHTS.items():
            if function in of_0_1 or (files, function) in of_0_2:
                for right in needs:
                    self.rights |= _RIGHTS[right]
        self.sockets = any(name.startswith("wasi:sockets/") for name in names)
        self.requests = "wasi:http/outgoing-handler" in names


def never_asked(remit: Remit, gets: Gets, asks: Asks) -> list[tuple[str, str]]:
    """What of a remit a program never asks for, and why not."""
    found = []
    if remit.arguments and not asks.arguments:
        found.append(("arguments", "it does not read arguments"))
    if remit.env and not asks.variables:
        found.append(("env", "it does not read variables"))
    if not isinstance(remit.stdin, str) and not asks.input:
        found.append(("streams.stdin", "it does not read"))
    found += _files_never_asked(remit, asks)
    if not asks.sockets:
        without = "it imports no sockets" + ("" if asks.requests else ", and sends no HTTP requests")
        if remit.network == "host" and not asks.requests:
            found.append(("network: host", without))
        if not isinstance(remit.network, str):
            for text in remit.network:
                rule = Rule(text)
                if not asks.requests or (rule.requests is None and (gets.has_requests or CONNECT not in rule.actions)):
                    found.append((f"network: {text}", without))
    elif gets.has_requests and not asks.requests and not isinstance(remit.network, str):
        for text in remit.network:
            if Rule(text).requests is not None:
                found.append((f"network: {text}", "it sends no HTTP requests"))
    if remit.listen and not asks.handed:
        found.append((f"network.listen: {', '.join(remit.listen)}", "it takes no sockets that it is handed"))
    return found


def _files_never_asked(remit: Remit, asks: Asks) -> list[tuple[str, str]]:
    places = [(f"directory {each.guest}", rules_of(each)) for each in remit.dirs]
    places += [(f"file {each.guest}", (f"{each.rights} x",)) for each in remit.files]
    if not asks.files:
        return [(name, "it imports nothing that uses files") for name, _ in places]
    found = []
    for name, rules in places:
        rights = _rights(rules)
        for right, bit in _RIGHTS.items():
            if rights & bit and not asks.rights & bit:
                found.append((f"{right}, of {name}", f"it imports nothing that could {right} files"))
    return found
