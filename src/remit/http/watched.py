"""Any client, with somebody who is told of the requests that are sent by it."""

from __future__ import annotations

from remit.kernel.http import HttpClient
from remit.kernel.requests import wanted
from remit.kernel.uses import Use

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.kernel.http import Exchange, Request, RequestOptions
    from remit.kernel.uses import Watcher


class WatchedClient(HttpClient):
    """`client`, with `watcher` told of each request that it takes: method and URL, without its query.

    Of the clients that Remit makes itself the network tells (:mod:`remit.network.watched`), which knows more. This is
    for those that are given.
    """

    __slots__ = ("_client", "_watcher")

    def __init__(self, client: HttpClient, watcher: Watcher) -> None:
        self._client = client
        self._watcher = watcher

    def send(self, request: Request, options: RequestOptions, *, has_body: bool) -> Exchange:
        exchange = self._client.send(request, options, has_body=has_body)
        try:
            want = wanted(request)
            self._watcher(Use("http", want.action, want.subject))
        except BaseException:
            exchange.abandon()
            raise
        return exchange
