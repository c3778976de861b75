"""What a server counts, and how it tells that to Prometheus."""

from __future__ import annotations

BOUNDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0)
"""Seconds: the upper ends of the classes of durations."""


class Metrics:
    """Counters. All of them only grow, but for what is under way."""

    def __init__(self) -> None:
        self.connections = 0
        self.connections_closed = 0
        self.begun = 0
        """Requests whose head has come."""
        self.ended = 0
        self.cancelled = 0
        """By their clients, their deadline, or the end of the server."""
        self.failed = 0
        """Requests whose program trapped or raised."""
        self.bytes_in = 0
        self.bytes_out = 0
        self.by_status: dict[int, int] = {}
        self.refusals: dict[int, int] = {}
        """By status: what never got to a program."""
        self.lateness: dict[str, int] = {}
        """By what took too long: head, body, request, write, idle."""
        self._durations = [0] * (len(BOUNDS) + 1)
        self._seconds = 0.0
        self.gauges: dict[str, int] = {}
        """Of others, such as the pool of instances."""

    def answered(self, status: int, seconds: float, bytes_out: int, bytes_in: int) -> None:
        self.ended += 1
        self.by_status[status] = self.by_status.get(status, 0) + 1
        self.bytes_out += bytes_out
        self.bytes_in += bytes_in
        self._seconds += seconds
        place = next((index for index, bound in enumerate(BOUNDS) if seconds <= bound), len(BOUNDS))
        self._durations[place] += 1

    def refused(self, status: int) -> None:
        self.refusals[status] = self.refusals.get(status, 0) + 1

    def late(self, what: str) -> None:
        self.lateness[what] = self.lateness.get(what, 0) + 1

    def text(self) -> str:
        """In Prometheus's text format."""
        lines = [
            "# TYPE remit_connections gauge",
            f"remit_connections {self.connections - self.connections_closed}",
            "# TYPE remit_connections_total counter",
            f"remit_connections_total {self.connections}",
            "# TYPE remit_requests_in_flight gauge",
            f"remit_requests_in_flight {self.begun - self.ended}",
            "# TYPE remit_requests_total counter",
            *[f'remit_requests_total{{status="{status}"}} {n}' for status, n in sorted(self.by_status.items())],
            "# TYPE remit_requests_refused_total counter",
            *[f'remit_requests_refused_total{{status="{status}"}} {n}' for status, n in sorted(self.refusals.items())],
            "# TYPE remit_timeouts_total counter",
            *[f'remit_timeouts_total{{of="{what}"}} {n}' for what, n in sorted(self.lateness.items())],
            "# TYPE remit_requests_cancelled_total counter",
            f"remit_requests_cancelled_total {self.cancelled}",
            "# TYPE remit_requests_failed_total counter",
            f"remit_requests_failed_total {self.failed}",
            "# TYPE remit_request_body_bytes_total counter",
            f"remit_request_body_bytes_total {self.bytes_in}",
            "# TYPE remit_response_body_bytes_total counter",
            f"remit_response_body_bytes_total {self.bytes_out}",
            "# TYPE remit_request_seconds histogram",
        ]
        total = 0
        for bound, count in zip((*BOUNDS, "+Inf"), self._durations, strict=True):
            total += count
            lines.append(f'remit_request_seconds_bucket{{le="{bound}"}} {total}')
        lines += [f"remit_request_seconds_sum {self._seconds:.6f}", f"remit_request_seconds_count {total}"]
        for name, value in sorted(self.gauges.items()):
            lines += [f"# TYPE remit_{name} gauge", f"remit_{name} {value}"]
        return "\n".join(lines) + "\n"
