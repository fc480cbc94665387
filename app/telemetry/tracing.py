"""Which requests leave a trace, and what does it say?

A span holds what is listed here and nothing else: no query, no path with what was typed into it,
no address, no statement's text. What a caller sends decides nothing: its `traceparent` becomes a
link, so that neither its trace nor its sampled flag is taken over, and `baggage` is not read.
"""

from __future__ import annotations

import hmac
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import (
    Span,
    SpanContext,
    SpanKind,
    StatusCode,
    Tracer,
    format_span_id,
    format_trace_id,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

NOTHING = Context()
PROPAGATOR = TraceContextTextMapPropagator()


@dataclass(slots=True)
class Tracing:
    """Starts traces. Its thread and its connection begin with the first one, after any fork."""

    endpoint: str
    ratio: float
    secret: str = field(repr=False)
    pid: int = 0
    provider: TracerProvider | None = field(default=None, repr=False)
    tracer: Tracer | None = field(default=None, repr=False)

    def begin(self, method: str, traceparent: str | None) -> RequestTrace:
        """The trace of a new request; a child of nobody."""
        if self.tracer is None or self.pid != os.getpid():
            self.tracer = self._start()
        root = self.tracer.start_span(method, context=NOTHING, kind=SpanKind.SERVER)
        if traceparent and root.is_recording():
            _link(root, traceparent)
        return RequestTrace(self.tracer, root, method)

    def _start(self) -> Tracer:
        self.pid = os.getpid()
        self.provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(self.ratio)),
            resource=Resource.create({"service.name": "maestro-ml"}),
        )
        exporter = OTLPSpanExporter(endpoint=f"{self.endpoint.rstrip('/')}/v1/traces")
        self.provider.add_span_processor(BatchSpanProcessor(exporter))
        return self.provider.get_tracer("maestro")

    def pseudonym(self, tenant_id: UUID) -> str:
        """The tenant in traces: the same each time, and worth nothing without our secret."""
        label = b"trace " + tenant_id.bytes
        return hmac.digest(self.secret.encode(), label, "sha256").hex()[:16]

    def flush(self) -> None:
        """Send what has ended."""
        if self.provider is not None:
            self.provider.force_flush()


def _link(root: Span, traceparent: str) -> None:
    """Name the caller's span without becoming its child; its `tracestate` is not kept."""
    context = PROPAGATOR.extract({"traceparent": traceparent}, context=NOTHING)
    theirs = get_current_span(context).get_span_context()
    if theirs.is_valid:
        root.add_link(SpanContext(theirs.trace_id, theirs.span_id, is_remote=True))


@dataclass(frozen=True, slots=True)
class RequestTrace:
    """One request's span and the calls below it; implements `app.telemetry.watch.Trace`."""

    tracer: Tracer
    root: Span
    method: str

    @property
    def trace_id(self) -> str:
        """32 hexadecimal digits, also when the trace is not sampled."""
        return format_trace_id(self.root.get_span_context().trace_id)

    @property
    def span_id(self) -> str:
        """16 hexadecimal digits."""
        return format_span_id(self.root.get_span_context().span_id)

    def add(
        self, name: str, seconds: float, attributes: Mapping[str, str], *, failed: bool
    ) -> None:
        """Add a call of another server that has just ended."""
        if not self.root.is_recording():
            return
        end = time.time_ns()
        span = self.tracer.start_span(
            name,
            context=set_span_in_context(self.root, NOTHING),
            kind=SpanKind.CLIENT,
            attributes=attributes,
            start_time=end - int(seconds * 1e9),
        )
        if failed:
            span.set_status(StatusCode.ERROR)
        span.end(end)

    def end(self, route: str, status: int, attributes: Mapping[str, str]) -> None:
        """The request is answered."""
        if self.root.is_recording():
            self.root.update_name(f"{self.method} {route}")
            self.root.set_attributes(
                {
                    "http.request.method": self.method,
                    "http.route": route,
                    "http.response.status_code": status,
                    **attributes,
                }
            )
            if status >= 500:  # noqa: PLR2004
                self.root.set_status(StatusCode.ERROR)
        self.root.end()
