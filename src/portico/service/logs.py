"""Logs of requests: one JSON object a line, from a closed list of keys, none of which can hold what a person typed.

The place is the pattern of the route, such as ``/cases/{case_id}``, never the address that was asked for.
"""

from __future__ import annotations

import json
import sys
import threading
from collections import Counter
from typing import Final, TextIO

from portico.service.audit import now

__all__ = ["ALLOWED", "RequestLog"]

ALLOWED: Final = frozenset({"at", "method", "route", "status", "ms", "fault"})
"""Keys of a line: when, method, pattern of the route, status, milliseconds, class and place of a fault."""
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
#: Upper bounds of the classes of the duration, in milliseconds.
_BOUNDS: Final = (10, 25, 50, 100, 150, 300, 1000, 10_000)


class RequestLog:
    """Writes a line for each request and counts them.

    Parameters
    ----------
    stream : where lines go; standard error when None
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str, int]] = Counter()
        self._classes: Counter[int] = Counter()
        self._seconds = 0.0

    def add(self, method: str, route: str, status: int, ms: float, fault: str | None = None) -> None:
        """Log and count one request."""
        word = method if method in _METHODS else "other"
        line: dict[str, object] = {"at": now(), "method": word, "route": route, "status": status, "ms": round(ms, 1)}
        if fault is not None:
            line["fault"] = fault
        assert line.keys() <= ALLOWED
        with self._lock:
            self._counts[word, route, status] += 1
            self._seconds += ms / 1000
            for bound in _BOUNDS:
                self._classes[bound] += ms <= bound
            print(json.dumps(line), file=self._stream or sys.stderr, flush=True)

    def metrics(self) -> str:
        """The counts in the text form that Prometheus reads (exposition format 0.0.4)."""
        with self._lock:
            total = sum(self._counts.values())
            lines = ["# TYPE portico_requests_total counter"]
            for (method, route, status), count in sorted(self._counts.items()):
                place = f'method="{method}",route="{route}",status="{status}"'
                lines.append(f"portico_requests_total{{{place}}} {count}")
            lines.append("# TYPE portico_request_seconds histogram")
            for bound in _BOUNDS:
                lines.append(f'portico_request_seconds_bucket{{le="{bound / 1000:g}"}} {self._classes[bound]}')
            lines.append(f'portico_request_seconds_bucket{{le="+Inf"}} {total}')
            lines += [f"portico_request_seconds_sum {self._seconds:.6f}", f"portico_request_seconds_count {total}"]
        return "\n".join(lines) + "\n"
