ARG BASE=python:3.12-slim

FROM ${BASE} AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md ./
COPY reconciler ./reconciler
RUN python3 -m venv /opt/reconciler \
 && /opt/reconciler/bin/python -m pip install --no-cache-dir -c constraints.txt '.[sandbox,alerts]' \
 && /opt/reconciler/bin/python -m pip uninstall --quiet --yes pip

FROM ${BASE}
COPY --from=build /opt/reconciler /opt/reconciler
RUN useradd --system --uid 10001 --no-create-home reconciler \
 && install -d -o reconciler -g reconciler /var/lib/reconciler
ENV PATH=/opt/reconciler/bin:$PATH PYTHONUNBUFFERED=1 XDG_STATE_HOME=/var/lib
VOLUME /var/lib/reconciler
WORKDIR /work
USER 10001
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
ENTRYPOINT ["reconciler"]
CMD ["run", "--listen", "0.0.0.0:8080"]
