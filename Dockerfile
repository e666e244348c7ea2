ARG BASE=python:3.12-slim

FROM ${BASE} AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md ./
COPY reconciler ./reconciler
RUN python3 -m venv /opt/reconciler \
 && /opt/reconciler/bin/python -m pip install --no-cache-dir -c constraints.txt '.[sandbox]'

FROM ${BASE}
COPY --from=build /opt/reconciler /opt/reconciler
RUN useradd --system --uid 10001 --no-create-home reconciler
ENV PATH=/opt/reconciler/bin:$PATH PYTHONUNBUFFERED=1
WORKDIR /work
USER 10001
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
ENTRYPOINT ["reconciler"]
CMD ["run", "--health-port", "8080"]
