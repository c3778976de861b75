"""What would allow a program what it was refused, as a line of its remit file."""

from __future__ import annotations

from remit.filesystems.rules import literal
from remit.policy.remit import READ_KINDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.kernel.refusals import Refusal
    from remit.policy.remit import Remit


def remedy(remit: Remit, refusal: Refusal) -> str:
    """TOML, with the place where it belongs; "" if there is none."""
    if refusal.kind == "file":
        return _of_file(remit, refusal)
    if refusal.kind in ("network", "http") and refusal.rule:
        way = f"add {_quoted(refusal.rule)} to allow in [network]"
        return way if remit.http or refusal.kind == "network" else f"{way}, and take http = false out of it"
    return ""


def _of_file(remit: Remit, refusal: Refusal) -> str:
    # What is made is made to be written.
    right = "write,create" if refusal.action == "create" else refusal.action
    path = refusal.subject
    around = [each for each in remit.dirs if _below(path, each.guest) is not None]
    if around:
        grant = max(around, key=lambda each: len(each.guest))
        if grant.kind in READ_KINDS and right != "read":
            return ""
        rule = _quoted(refusal.rule or f"{right} {literal(_below(path, grant.guest) or '')}")
        if grant.rules is None:
            whole = _quoted(f"{grant.rights} **")
            return f"say rules = [{whole}, {rule}] in place of rights in the [[dir]] of {_quoted(grant.guest)}"
        return f"add {rule} to rules in the [[dir]] of {_quoted(grant.guest)}"
    if path.endswith("/") or not path.startswith("/"):
        return ""
    return f"add [[file]] with guest = {_quoted(path)}, path = {_quoted(path)}, rights = {_quoted(right)}"


def _below(path: str, directory: str) -> str | None:
    """The rest of `path` in `directory`; None if it is not in there."""
    top = directory.rstrip("/")
    if path in (directory, top):
        return ""
    return path[len(top) + 1 :] if path.startswith(top + "/") else None


def _quoted(text: str) -> str:
    """As a string of TOML."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join([each if each.isprintable() else f"\\U{ord(each):08x}" for each in escaped]) + '"'
