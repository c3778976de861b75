"""Rules for requests: their text, what they allow, and how clients keep to them."""

from __future__ import annotations

import socket
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from http_peer import Server, failure, request, wait
from remit.http.client import Client
from remit.kernel.errors import Code, KernelError
from remit.kernel.http import Request, RequestOptions, RequestRefused
from remit.kernel.network import SocketAddress
from remit.kernel.refusals import Refused
from remit.kernel.requests import OVERRIDES, plain_path, wanted
from remit.network.host_network import HostNetwork
from remit.network.rules import Rule, RuleError

BELOW = "http: GET,HEAD https://api.example.com/v1/*"


def asked(rules: list[str], wanted: Request, host: str = "api.example.com", port: int = 443) -> RequestRefused | None:
    checked = HostNetwork(rules).request_rules()
    assert checked is not None
    try:
        checked.network_for(wanted, host, port)
    except RequestRefused as refused:
        return refused
    return None


def allowed(rule: str, path: str, method: str = "GET", host: str = "api.example.com", port: int = 443) -> bool:
    scheme = rule.split("://")[0].rpartition(" ")[2]
    return asked([rule], request(host, method=method, path=path, scheme=scheme), host, port) is None


@pytest.mark.parametrize(
    "text",
    [
        *("http:", "http: ", "http: GET", "http: GET ", "http:GET https://a/*", "http:  GET https://a/*"),
        *(
            "http: GET  https://a/*",
            "http: GET https://a/* ",
            "http: GET https://a/* https://b/*",
            " http: GET https://a/",
        ),
        *("http: get https://a/*", "http: GET,, https://a/*", "http: ,GET https://a/*", "http: GET, HEAD https://a/*"),
        *(
            "http: CONNECT https://a/*",
            "http: GET|HEAD https://a/*",
            "http: GET,* https://a/*",
            "HTTP: GET https://a/*",
        ),
        *("http: GET ftp://a/*", "http: GET HTTPS://a/*", "http: GET //a/*", "http: GET a/*", "http: GET https:/a/*"),
        *("http: GET https://a", "http: GET https:///v1", "http: GET https://user@a/*", "http: GET https://a@b/*"),
        *("http: GET https://a:0/", "http: GET https://a:/", "http: GET https://a:65536/", "http: GET https://a:1-2/"),
        *("http: GET https://a:*/", "http: GET https://::1/", "http: GET https://[a]/", "http: GET https://127.1/"),
        *("http: GET https://[::ffff:1.2.3.4]/", "http: GET https://0.0.0.0/", "http: GET https://10.0.0.0/8/*x"),
        *("http: GET https://a/v1*", "http: GET https://a/*/b", "http: GET https://a/**", "http: GET https://a/b/**"),
        *("http: GET https://a/?x", "http: GET https://a/#x", "http: GET https://a//b", "http: GET https://a/b//*"),
        *(
            "http: GET https://a/../b",
            "http: GET https://a/./*",
            "http: GET https://a/%2e%2e/*",
            "http: GET https://a/%2f",
        ),
        *("http: GET https://a/%41", "http: GET https://a/%c3%a9", "http: GET https://a/é", "http: GET https://a/%zz"),
        *("http: GET https://a\\b/*", "http: GET https://a/b\\c", "http: GET https://a/b\n", "http: GET\thttps://a/"),
    ],
)
def test_texts_that_are_no_rule(text: str) -> None:
    with pytest.raises(RuleError) as caught:
        Rule(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    ("rule", "path", "fine"),
    [
        *((BELOW, "/v1/", True), (BELOW, "/v1/a/b", True), (BELOW, "/v1/a?x=/../", True), (BELOW, "/%761/a", True)),
        *(
            (BELOW, "/v1", False),
            (BELOW, "/v1x", False),
            (BELOW, "/V1/", False),
            (BELOW, "/", False),
            (BELOW, "*", False),
        ),
        *((BELOW, "/v1?/a", False), (BELOW, "/v1%3f/a", False), (BELOW, "/v1%2Fa", False), (BELOW, "/v1;/a", False)),
        *(("http: GET https://api.example.com/a", "/a?b", True), ("http: GET https://api.example.com/a", "/a/", False)),
        *(("http: GET https://api.example.com/a%2Ab", "/a*b", True), ("http: * https://api.example.com/*", "/x", True)),
    ],
)
def test_paths(rule: str, path: str, fine: bool) -> None:
    assert allowed(rule, path) is fine


AMBIGUOUS = """
/v1/../admin /v1/./a /v1/.. /v1/%2e%2e/admin /v1/.%2E/admin /v1/%2e/a //v1/a /v1//a /v1/a// /v1/..;/admin
/v1/..;x=1/admin /v1/;/a /v1/..%20/admin /v1/.../a /v1/%2e%2e%2fadmin /v1/a%2fb /v1/a%5cb /v1/a\\b
/v1/..\\admin /v1/%252e%252e/admin /v1/%25%32%65/a /v1/%25252e/a /v1/%c0%ae%c0%ae/admin /v1/%c0%af /v1/%ff
/v1/%00 /v1/a%00.html /v1/%0d%0a /v1/%7f /v1/% /v1/%2 /v1/%zz /v1/%u002e/
""".split()  # noqa: SIM905  # a list would be a page


@pytest.mark.parametrize("path", AMBIGUOUS)
def test_paths_that_could_be_read_in_two_ways_match_nothing(path: str) -> None:
    for rule in (BELOW, "http: * https://api.example.com/*"):
        refused = asked([rule], request("api.example.com", path=path, scheme="https"))
        assert refused is not None
        assert refused.want.rule == "", "no rule can allow it"


@pytest.mark.parametrize("name", sorted(OVERRIDES))
def test_fields_that_say_another_method_or_path(name: str) -> None:
    wanted = Request("GET", "https", "api.example.com", "/v1/a", [(name.upper(), b"DELETE")])
    assert asked([BELOW], wanted) is not None


def test_methods_schemes_hosts_and_ports() -> None:
    assert allowed(BELOW, "/v1/a", "HEAD")
    for method in ("POST", "get", "GETS", "*", "GET,HEAD"):
        assert not allowed(BELOW, "/v1/a", method)
    assert not allowed(BELOW, "/v1/a", port=80)
    assert not allowed(BELOW, "/v1/a", host="example.com")
    assert not allowed(BELOW, "/v1/a", host="api.example.com.evil.net")
    assert allowed(BELOW, "/v1/a", host="api.example.com.")
    assert asked([BELOW], request("api.example.com", path="/v1/a", scheme="http")) is not None
    star = "http: GET https://*.example.com/*"
    assert allowed(star, "/", host="a.b.example.com")
    assert not allowed(star, "/", host="example.com")
    anywhere = "http: GET https://*/*"
    assert allowed(anywhere, "/", host="other.net")
    assert allowed(anywhere, "/", host="1.1.1.1")
    for special in ("127.0.0.1", "[::1]", "169.254.169.254", "10.0.0.1"):
        assert not allowed(anywhere, "/", host=special)
    named = "http: GET http://[2001:db8::1]:8080/*"
    assert allowed(named, "/", host="[2001:db8:0::1]", port=8080)
    assert not allowed(named, "/", host="[2001:db8::2]", port=8080)


@given(st.text(alphabet="/.;%2efF5cC\\ ab?v1*~", max_size=12))
def test_what_a_path_is_compared_by_is_what_every_server_reads(path: str) -> None:
    plain = plain_path("/" + path)
    if plain is None:
        return
    assert plain_path(plain) == plain
    # Read by an independent one, once and twice, with and without what is after semicolons: it stays below.
    for text in (unquote_to_bytes(plain), unquote_to_bytes(unquote_to_bytes(plain))):
        assert b"\\" not in text
        for names in (text.split(b"/"), [each.partition(b";")[0] for each in text.split(b"/")]):
            assert not {b".", b".."}.intersection(names)
            assert b"" not in names[1:-1]
    assert unquote_to_bytes("/" + path) == unquote_to_bytes(plain)


@given(
    st.sampled_from(["GET", "POST", "X-A", "get", "a*"]),
    st.sampled_from(["http", "https"]),
    st.sampled_from(["a.test", "*", "10.0.0.1", "[2001:db8::1]", "connect", "http", "a.test."]),
    st.integers(1, 65535),
    st.text(alphabet="/.;%25eFab*'\"{~", max_size=8),
)
def test_what_a_refusal_says_would_allow_it_does_and_no_more(
    method: str, scheme: str, host: str, port: int, path: str
) -> None:
    sent = Request(method, scheme, host, "/" + path, [])
    refused = asked([BELOW], sent, host, port)
    assert refused is not None
    if host == "*" or not refused.want.rule:
        return
    assert "'" not in refused.want.rule
    assert asked([refused.want.rule], sent, host, port) is None
    for other in (
        (Request("PUT", scheme, host, "/" + path, []), host, port),
        (Request(method, scheme, host, "/" + path + "/a", []), host, port),
        (sent, host, port % 65535 + 1),
        (sent, "b.test", port),
    ):
        assert asked([refused.want.rule], *other) is not None


def test_programs_themselves_may_not_connect_there() -> None:
    with Server() as server:
        network = HostNetwork([f"http: GET http://localhost:{server.port}/v1/*"])
        made = network.tcp_socket(4)
        with pytest.raises(Refused) as caught:
            made.connect(SocketAddress(b"\x7f\0\0\1", server.port))
        assert caught.value.want.rule == f"connect:127.0.0.1:{server.port}"
        made.close()
        with pytest.raises(Refused):
            network.resolve("localhost")
        client = Client(network)
        for path, method in (("/v1/a", "POST"), ("/v2", "GET")):
            with pytest.raises(RequestRefused) as denied:
                client.send(
                    request(f"localhost:{server.port}", path=path, method=method), RequestOptions(), has_body=False
                )
            assert (denied.value.kind, denied.value.code) == ("HTTP-request-denied", Code.ACCESS)
            assert denied.value.want.rule == f"http: {method} http://localhost:{server.port}{path}"
        fine = request(f"localhost:{server.port}", path="/v1/a")
        exchange = server.client = client.send(fine, RequestOptions(), has_body=False)
        assert server.take_head().startswith(b"GET /v1/a HTTP/1.1\r\n")
        server.say(b"HTTP/1.1 302 Found\r\nlocation: /v2\r\ncontent-length: 0\r\n\r\n")
        assert wait(exchange.response).status == 302, "where it leads is a request of its own"


def test_a_name_does_not_lead_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    def inside(name: str, port: object, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", inside)
    with Server() as server:
        rule = f"http: * http://*:{server.port}/*"
        for name in ("a.test", "127.1", "localhost"):
            wanted = request(f"{name}:{server.port}")
            exchange = Client(HostNetwork([rule])).send(wanted, RequestOptions(), has_body=False)
            assert failure(exchange.response) == "HTTP-request-denied"
            with pytest.raises(RequestRefused) as caught:
                exchange.response()
            assert caught.value.want.rule == f"connect:127.0.0.1:{server.port}"
        # That rule allows it, together with the first one.
        both = Client(HostNetwork([rule, f"connect:127.0.0.1:{server.port}"]))
        exchange = server.client = both.send(request(f"a.test:{server.port}"), RequestOptions(), has_body=False)
        server.take_head()


def test_without_rules_for_requests_it_is_the_connection_that_is_refused() -> None:
    with pytest.raises(RequestRefused) as caught:
        Client(HostNetwork()).send(request("a.test"), RequestOptions(), has_body=False)
    assert caught.value.want.rule == "connect:a.test:80"
    exchange = Client(HostNetwork(["b.test"])).send(request("[::1]:8080"), RequestOptions(), has_body=False)
    assert failure(exchange.response) == "destination-IP-prohibited"
    with pytest.raises(RequestRefused) as caught:
        exchange.response()
    assert caught.value.want.rule == "connect:[::1]:8080"


def test_what_is_wanted_where_nothing_was_granted() -> None:
    assert wanted(request("A.test:", path="/b?c")).rule == "http: GET http://a.test/b"
    assert wanted(request("u@a.test")).rule == ""
    # Queries and passwords are nobody's business.
    assert wanted(request("u:secret@A.test", path="/b?secret")).subject == "http://a.test/b"
    assert wanted(request("a.test", path="/b//c?secret")).subject == "http://a.test/b//c"
    with pytest.raises(KernelError):
        raise RequestRefused("HTTP-request-denied", want=wanted(request("a.test")))


def test_which_rule_allows_a_request() -> None:
    rules = HostNetwork([BELOW, "http: POST https://api.example.com/v2"]).request_rules()
    assert rules is not None
    for method, path, rule in (
        ("GET", "/v1/a?b", BELOW),
        ("POST", "/v2", "http: POST https://api.example.com/v2"),
        ("POST", "/v1/a", ""),
        ("GET", "/v1//a", ""),
    ):
        asked = request("api.example.com", method=method, path=path, scheme="https")
        assert rules.allowed_by(asked, "api.example.com", 443) == rule
