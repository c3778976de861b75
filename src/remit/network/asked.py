"""Any network, of which a program gets what somebody allows who is asked before it is used.

Nothing goes out before it is allowed, a question to a name server included. Who may be reached by a name that was
looked up is asked for by that name. An HTTP request is one question of its own: that its host is looked up and
connected to, is part of it.
"""

from __future__ import annotations

from remit.kernel.errors import Code, WouldBlock
from remit.kernel.http import RequestRefused, RequestRules
from remit.kernel.network import Network, Resolution, TcpSocket, UdpSocket
from remit.kernel.refusals import Refused, Want
from remit.kernel.requests import plain_path, wanted
from remit.network.addresses import is_public, literal_ip
from remit.network.names import checked_name
from remit.network.requests import allowing
from remit.network.rules import CONNECT, LISTEN, RECEIVE, RESOLVE, SEND, Pins, Rules
from remit.network.wrapped import WrappedInternetSocket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from remit.kernel.http import Request
    from remit.kernel.network import SocketAddress
    from remit.kernel.poll import Pollable
    from remit.network.rules import Rule

MAX_REMEMBERED = 4096
"""Answers, and addresses whose names are known: the oldest of more are forgotten, and are asked for again."""

MAX_STRANGERS = 64
"""Datagrams that one call throws away."""


class Question:
    """What a program is about to do with the network for the first time. ``str()`` is a sentence's worth of it, and may
    hold anything that names and paths can: show it escaped.
    """

    __slots__ = ("action", "kind", "name", "subject")

    def __init__(self, kind: str, action: str, subject: str, name: str = "") -> None:
        self.kind = kind
        """``network`` or ``http``."""
        self.action = action
        """``connect``, ``listen``, ``send``, ``resolve``; of a request its method."""
        self.subject = subject
        """An address with its port; a name that is to be looked up; a URL without its query."""
        self.name = name
        """The name that the program looked up, and that this address stood for."""

    def __str__(self) -> str:
        return f"{self.action} {self.subject}{f' ({self.name})' if self.name else ''}"

    def __repr__(self) -> str:
        return f"<Question {str(self)!r}>"


class AskedNetwork(Network):
    """`network`, as far as `ask` allows: ``Asked(Host(["*:443"]), ask)``.

    Args:
        network: What is granted at most.
        ask: Called with a :class:`Question`, on the thread of the program, before it is done. ``"yes"`` or True allows
            it, from now on; ``"no"`` or False refuses it, from now on. What it raises ends the program.
        rules: What is allowed without asking (:mod:`remit.network.rules`).

    Raises:
        RuleError: One of `rules` is none (a ValueError).
    """

    __slots__ = ("_answers", "_network")

    def __init__(
        self, network: Network, ask: Callable[[Question], str | bool], *, rules: Iterable[str | Rule] = ()
    ) -> None:
        if not isinstance(network, Network):
            raise TypeError(f"network must be a Network of remit.net, not {network!r}")
        if not callable(ask):
            raise TypeError(f"ask must be a function of a Question, not {ask!r}")
        self._network = network
        self._answers = _Answers(ask, Rules(rules))

    def tcp_socket(self, family: int) -> TcpSocket:
        return _AskedTcpSocket(self._network.tcp_socket(family), self._answers)

    def udp_socket(self, family: int) -> UdpSocket:
        return _AskedUdpSocket(self._network.udp_socket(family), self._answers)

    def resolve(self, name: str) -> Resolution:
        if literal_ip(name) is not None:
            return self._network.resolve(name)
        wanted_name = checked_name(name)
        self._answers.check_name(wanted_name)
        return _AskedResolution(self._network.resolve(name), wanted_name, self._answers)

    def allowed_by(self, name: str) -> str:
        return self._network.allowed_by(name)

    def request_rules(self) -> RequestRules:
        return _AskedRequests(self._network, self._answers)

    def __repr__(self) -> str:
        return f"<AskedNetwork of {self._network!r}>"


class _Answers:
    """What was allowed and refused so far."""

    __slots__ = ("_ask", "_given", "_names", "_pins", "rules")

    def __init__(self, ask: Callable[[Question], str | bool], rules: Rules) -> None:
        self._ask = ask
        self.rules = rules
        self._pins = Pins()
        self._given: dict[tuple[str, str, str], bool] = {}
        self._names: dict[bytes, str] = {}

    def allow(self, question: Question, about: str) -> bool:
        """Whether it is allowed, by an answer that was given before for what it is `about`, or is now."""
        key = question.kind, question.action, about
        answer = self._given.get(key)
        if answer is None:
            answer = self._given[key] = _understood(self._ask(question), question)
            _keep_few(self._given)
        return answer

    def check_name(self, name: str) -> None:
        """Refused."""
        if self.rules.for_name(name) is None and not self.allow(Question("network", RESOLVE, name), name):
            want = Want("network", RESOLVE, name, f"{RESOLVE}:{name}")
            raise Refused(Code.ACCESS, f"the answer was that {name!r} is not looked up", want=want)

    def stands_for(self, name: str, ips: Sequence[bytes]) -> None:
        """The program was told so."""
        rules = self.rules.for_name(name)
        for ip in ips:
            if rules and is_public(ip):
                self._pins.add(ip, rules)
            self._names.pop(ip, None)
            self._names[ip] = name
            _keep_few(self._names)

    def may(self, action: str, address: SocketAddress) -> bool:
        """Whether it may be done there; this may be asked."""
        if self.rules.allows(action, address, None if action == LISTEN else self._pins):
            return True
        name = "" if action == LISTEN else self._names.get(address.ip, "")
        return self.allow(Question("network", action, repr(address), name), self._about(action, address))

    def _about(self, action: str, address: SocketAddress) -> str:
        """What an answer is good for."""
        name = "" if action == LISTEN else self._names.get(address.ip, "")
        # Whoever has a name can have it stand for what is private here, so that is allowed as what it is only.
        return f"{name}:{address.port}" if name and is_public(address.ip) else repr(address)

    def hears(self, address: SocketAddress) -> bool:
        """Whether a datagram from there may be told. That is no question: anybody can send one."""
        if self.rules.allows(RECEIVE, address, self._pins):
            return True
        return self._given.get(("network", SEND, self._about(SEND, address)), False) or self.rules.allows(
            SEND, address, self._pins
        )

    def check(self, action: str, address: SocketAddress) -> None:
        """Refused."""
        if not self.may(action, address):
            want = Want("network", action, repr(address), f"{action}:{address!r}")
            raise Refused(Code.ACCESS, f"the answer was no: {action} {address!r}", want=want)


def _understood(answer: object, question: Question) -> bool:
    if answer is True or answer == "yes":
        return True
    if answer is False or answer == "no":
        return False
    raise ValueError(f"ask returned {answer!r} for {question!r}: yes, no, True or False is wanted")


def _keep_few(known: dict[tuple[str, str, str], bool] | dict[bytes, str]) -> None:
    if len(known) > MAX_REMEMBERED:
        del known[next(iter(known))]  # type: ignore[arg-type]  # the first of its own keys


class _AskedResolution(Resolution):
    __slots__ = ("_answers", "_name", "_resolution")

    def __init__(self, resolution: Resolution, name: str, answers: _Answers) -> None:
        self._resolution = resolution
        self._name = name
        self._answers = answers

    def addresses(self) -> Sequence[bytes]:
        found = self._resolution.addresses()
        self._answers.stands_for(self._name, found)
        return found

    def when_ready(self) -> Pollable:
        return self._resolution.when_ready()

    def close(self) -> None:
        self._resolution.close()


class _AskedTcpSocket(WrappedInternetSocket, TcpSocket):
    __slots__ = ("_answers",)

    _socket: TcpSocket

    def __init__(self, socket: TcpSocket, answers: _Answers) -> None:
        super().__init__(socket)
        self._answers = answers

    def bind(self, address: SocketAddress) -> None:
        self._answers.check(LISTEN, address)
        self._socket.bind(address)

    def connect(self, address: SocketAddress | None) -> None:
        if address is not None:
            self._answers.check(CONNECT, address)
        self._socket.connect(address)

    def listen(self, backlog: int) -> None:
        self._socket.listen(backlog)
        self.listening = self._socket.listening

    def accept(self) -> TcpSocket:
        return self._socket.accept()


class _AskedUdpSocket(WrappedInternetSocket, UdpSocket):
    """Who may be sent to is asked once for each. Heard are those, or everybody where it may listen."""

    __slots__ = ("_answers", "_hears_all", "_peer")

    _socket: UdpSocket

    def __init__(self, socket: UdpSocket, answers: _Answers) -> None:
        super().__init__(socket)
        self._answers = answers
        self._hears_all = False
        self._peer: SocketAddress | None = None

    def bind(self, address: SocketAddress) -> None:
        # Any free port needs no leave: nobody is heard there by that alone.
        if address.port:
            self._answers.check(LISTEN, address)
        self._socket.bind(address)
        self._hears_all = bool(address.port) or self._answers.rules.allows(LISTEN, address)

    def connect(self, address: SocketAddress | None) -> None:
        self._socket.connect(address)
        self._peer = address

    def send_to(self, data: memoryview | bytes, address: SocketAddress | None) -> None:
        peer = self._peer if address is None else address
        if peer is not None:
            self._answers.check(SEND, peer)
        self._socket.send_to(data, address)

    def receive_from(self, limit: int) -> tuple[bytes, SocketAddress]:
        for _ in range(MAX_STRANGERS):
            data, sender = self._socket.receive_from(limit)
            if self._hears_all or self._answers.hears(sender):
                return data, sender
        raise WouldBlock(self._socket.when_readable())


class _AskedRequests(RequestRules):
    __slots__ = ("_answers", "_network", "_rules")

    def __init__(self, network: Network, answers: _Answers) -> None:
        self._network = network
        self._rules = network.request_rules()
        self._answers = answers

    def network_for(self, request: Request, host: str, port: int) -> Network:
        # What is refused anyway is no question.
        network = self._network if self._rules is None else self._rules.network_for(request, host, port)
        want = wanted(request, host, port)
        if not self._is_known(request, host, port):
            question = Question("http", want.action, want.subject)
            if not self._answers.allow(question, want.subject):
                detail = f"{want.action} {want.subject}: the answer was no"
                raise RequestRefused("HTTP-request-denied", detail, want=want)
        return network

    def _is_known(self, request: Request, host: str, port: int) -> bool:
        rules = self._answers.rules.for_requests
        path = plain_path(request.path.partition("?")[0])
        return path is not None and allowing(rules, request.method, request.scheme, host, port, path) is not None

    def allowed_by(self, request: Request, host: str, port: int) -> str:
        return "" if self._rules is None else self._rules.allowed_by(request, host, port)
