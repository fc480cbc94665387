"""Who receives the service's traces in tests? A real OTLP receiver on loopback."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from gate.testbed.ports import LOOPBACK, reserve


@dataclass(frozen=True)
class Receiver:
    """Everything that arrived, as it came and as spans."""

    url: str
    bodies: list[bytes] = field(default_factory=list)

    @property
    def spans(self) -> list[Any]:
        found = []
        for body in self.bodies:
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                found += [span for scope in resource.scope_spans for span in scope.spans]
        return found

    @property
    def roots(self) -> list[Any]:
        return [span for span in self.spans if not span.parent_span_id]


def attributes(span: Any) -> dict[str, str]:
    return {
        pair.key: pair.value.string_value or str(pair.value.int_value) for pair in span.attributes
    }


@contextmanager
def receiver() -> Iterator[Receiver]:
    with reserve() as port:
        found = Receiver(f"http://{LOOPBACK}:{port}")

        class Take(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                packed = self.headers.get("Content-Encoding") == "gzip"
                found.bodies.append(gzip.decompress(body) if packed else body)
                self.send_response(200 if self.path == "/v1/traces" else 404)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing: the test reads what arrived."""

        server = ThreadingHTTPServer((LOOPBACK, port), Take)
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
