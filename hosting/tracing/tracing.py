"""Tracing as the settings want it: spans go to an OTLP collector, which OpenTelemetry's own variables name."""

import functools

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from hosting.build import package_build
from hosting.tracing.spans import CommandTracing

NAME = "perennial"


@functools.cache
def tracing() -> CommandTracing:
    """One for the process, which sends what is left when it ends. OTEL_SERVICE_NAME goes before our own name."""
    ours = Resource({SERVICE_NAME: NAME, SERVICE_VERSION: package_build()})
    provider = TracerProvider(resource=ours.merge(Resource.create()) if _is_named() else Resource.create().merge(ours))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return CommandTracing(provider.get_tracer(NAME))


def _is_named() -> bool:
    return not str(Resource.create().attributes.get(SERVICE_NAME, "")).startswith("unknown_service")
