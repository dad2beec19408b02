# One process of Concord, by an ordinary user. Its steps are those of the README; `.ci/run` runs them, the start and the
# health check without Docker.
#
#   docker build -t concord .
#   docker run --rm -e CONCORD_DATABASE_URL=postgresql://… concord concord migrate
#   docker run -d -p 8000:8000 -e CONCORD_DATABASE_URL=postgresql://… concord
#
# Without CONCORD_DATABASE_URL the embedded PostgreSQL keeps its data in the volume: enough for a trial on one machine.
FROM python:3.11-slim

# The folder of the embedded database is the only one that the process may write to.
RUN useradd --system --home-dir /var/lib/concord --create-home --shell /usr/sbin/nologin concord

WORKDIR /srv/concord
COPY . .

# The README's installation: what is locked, by its hashes, then the checkout itself. One line, read by `.ci/run`.
RUN python3 -m venv .venv && .venv/bin/pip install --require-hashes -r requirements.lock && .venv/bin/pip install --no-deps -e .

# Listen beyond the container; TLS ends in front of it. Log lines are for a collector.
ENV PATH="/srv/concord/.venv/bin:$PATH" \
    PYTHONUNBUFFERED=1 \
    CONCORD_HOST=0.0.0.0 \
    CONCORD_PORT=8000 \
    CONCORD_DATA=/var/lib/concord/data \
    CONCORD_LOG_JSON=true

USER concord
VOLUME /var/lib/concord
EXPOSE 8000

# Ready means: the database answers and its schema is the one this code needs. An error status makes urlopen raise.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 CMD python -c "import urllib.request as r; r.urlopen('http://127.0.0.1:${CONCORD_PORT}/health/ready', timeout=4)"

CMD ["concord", "serve"]
