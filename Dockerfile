# One image for workers, for `setup` and for every command. How it is run: docs/deployment.md.
FROM python:3.11.15-slim-bookworm AS build
WORKDIR /build
RUN python -m venv /opt/perennial
COPY requirements.lock requirements-build.lock ./
RUN /opt/perennial/bin/pip install --no-cache-dir --require-hashes --requirement requirements.lock \
    && pip install --no-cache-dir --require-hashes --requirement requirements-build.lock
COPY pyproject.toml README.md ./
COPY docs/domain.md docs/
COPY scenarios scenarios
COPY domain domain
COPY statemachines statemachines
COPY activities activities
COPY workflows workflows
COPY perennial perennial
COPY hosting hosting
COPY cli cli
RUN python -m hatchling build --target wheel --directory wheels \
    && /opt/perennial/bin/pip install --no-cache-dir --no-deps --no-index wheels/*.whl

FROM python:3.11.15-slim-bookworm
LABEL org.opencontainers.image.title="perennial" \
      org.opencontainers.image.description="Subscriptions that run for years, as durable workflows on Temporal" \
      org.opencontainers.image.version="0.1.0"
RUN groupadd --gid 10001 perennial \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/perennial --shell /usr/sbin/nologin perennial \
    && install --directory --owner=10001 --group=10001 --mode=0750 /var/lib/perennial
COPY --from=build /opt/perennial /opt/perennial
ENV PATH=/opt/perennial/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PERENNIAL_DATA_DIR=/var/lib/perennial \
    PERENNIAL_METRICS_ADDRESS=0.0.0.0:9464
# By number, so that an orchestrator can see that it is not root.
USER 10001:10001
WORKDIR /var/lib/perennial
EXPOSE 9464
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9464/health', timeout=4)"]
ENTRYPOINT ["perennial"]
CMD ["worker"]
