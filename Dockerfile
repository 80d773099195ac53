# One image for web, worker, beat and commands. Which one it is, the command says:
#   gunicorn -c config/gunicorn.py | celery -A config.celery worker | celery -A config.celery beat
#   python manage.py prepare
FROM python:3.11.13-slim-bookworm AS packages
WORKDIR /build
COPY Pipfile.lock ./
COPY scripts/lock.py scripts/
# Only what the lock file names, and only with the digests that it names; nothing is compiled.
RUN python -m venv --without-pip /venv \
    && python scripts/lock.py requirements > requirements.txt \
    && python -m pip --python /venv/bin/python install --no-cache-dir --disable-pip-version-check \
       --no-deps --require-hashes --only-binary :all: -r requirements.txt

FROM python:3.11.13-slim-bookworm
# docker build --build-arg PLAZA_COMMIT=$(git rev-parse HEAD): what /metrics says is running.
ARG PLAZA_COMMIT=""
LABEL org.opencontainers.image.title="plaza" \
      org.opencontainers.image.description="One platform of pluggable apps"
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=config.settings.production \
    WEB_HOST=0.0.0.0 \
    PORT=8000 \
    VAR_DIR=/tmp \
    MEDIA_ROOT=/data/media \
    STATIC_ROOT=/app/static \
    PLAZA_COMMIT=$PLAZA_COMMIT
COPY --from=packages /venv /venv
WORKDIR /app
COPY . .
# Static files get their digest into their names. The settings want secrets to start with: made up
# here, used once, not kept.
# /tmp and /data are the only places that are written to; the rest can be read-only. A new volume takes
# over the owner of the folder that it is mounted on.
RUN python scripts/dotenv.py .compose.env-example /tmp/build.env \
    && (set -a && . /tmp/build.env && python manage.py collectstatic --noinput --verbosity 0) \
    && rm /tmp/build.env \
    && python -m compileall -q . \
    && mkdir -p /data/media \
    && useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin plaza \
    && chown -R 10001:10001 /data
USER 10001:10001
VOLUME ["/data"]
EXPOSE 8000
STOPSIGNAL SIGTERM
# Any HTTP answer is a sign of life; whether the platform can work, /health/ready says.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "from http.client import HTTPConnection as H; h = H('127.0.0.1', 8000, timeout=4); h.request('GET', '/health/live'); h.getresponse()"]
CMD ["gunicorn", "-c", "config/gunicorn.py"]
