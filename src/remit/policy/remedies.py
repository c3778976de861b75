"""What would allow a program what it was refused, as a line of its remit file."""

from __future__ import annotations

import os

from remit.filesystems.rules import FileRule, literal, rights_text
from remit.kernel.refusals import LEAVE
from remit.policy.remit_grants import READ_KINDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.kernel.refusals import Refusal
    from remit.policy.remit import Remit


NEVER = "no rule lets a path lead out of its directory"
"""Said of the action ``leave``."""


def remedy(remit: Remit, refusal: Refusal) -> str:
    """TOML, with the place where it belongs; that there can be none; "" if none is known."""
    if refusal.action == LEAVE:
        return NEVER
    if refusal.kind == "file":
        return _of_file(remit, refusal)
    if refusal.kind in ("network", "http") and is_rule(refusal.rule):
        way = f"add {_quoted(refusal.rule)} to allow in [network]"
        return way if remit.http or refusal.kind == "network" else f"{way}, and take http = false out of it"
    if refusal.kind == "network" and refusal.action == "open":
        # Where it would lead it has not said yet.
        return 'add [network] with allow = ["HOST:PORT"], of what it shall reach'
    return ""


def is_rule(text: str) -> bool:
    """Whether it can be written as a rule for the network: programs ask for names and paths that no rule can say."""
    if not text:
        return False
    from remit.network.rules import Rule, RuleError

    try:
        Rule(text)
    except RuleError:
        return False
    return True


def _of_file(remit: Remit, refusal: Refusal) -> str:
    # What is made is made to be written.
    right = "write,create" if refusal.action == "create" else refusal.action
    path = refusal.subject
    around = [each for each in remit.dirs if _below(path, each.guest) is not None]
    if around:
        # Directories may lie in each other, and it was asked of one of them.
        grant = max(around, key=lambda each: (each.guest == refusal.grant, len(each.guest)))
        if grant.kind in READ_KINDS and right != "read":
            return ""
        rule = _quoted(refusal.rule or f"{right} {literal(_below(path, grant.guest) or '')}")
        if grant.rules is None:
            whole = _quoted(f"{grant.rights} **")
            return f"say rules = [{whole}, {rule}] in place of rights in the [[dir]] of {_quoted(grant.guest)}"
        return f"add {rule} to rules in the [[dir]] of {_quoted(grant.guest)}"
    if path.endswith("/") or not path.startswith("/"):
        return ""
    # One directory of the host stands behind all single files that the program sees in one of its own.
    if any(each.directory == path for each in remit.files):
        return ""
    for each in remit.files:
        if each.guest == path:
            return f"say rights = {_quoted(_with(each.rights, right))} in the [[file]] of {_quoted(path)}"
    directory, _, name = path.rpartition("/")
    beside = next((each for each in remit.files if each.directory == (directory or "/")), None)
    if beside is not None:
        there = os.path.join(os.path.dirname(beside.path), name)
        return f"add [[file]] with guest = {_quoted(path)}, path = {_quoted(there)}, rights = {_quoted(right)}"
    return f"add [[file]] with guest = {_quoted(path)}, path = {_quoted(path)}, rights = {_quoted(right)}"


def _with(rights: str, more: str) -> str:
    """Rights, in their order, with others."""
    rule = FileRule(f"{rights} x").rights | FileRule(f"{more} x").rights
    return rights_text(rule)


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
