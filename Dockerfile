# syntax=docker/dockerfile:1
# One image for web, worker, beat and the one-shot migration; see compose.yaml and docs/production.md.

FROM python:3.13-slim AS packages
COPY requirements.txt /tmp/requirements.txt
RUN python -m venv /venv \
 && /venv/bin/pip install --no-cache-dir --require-hashes --no-deps --requirement /tmp/requirements.txt

FROM packages AS static
WORKDIR /app
COPY manage.py ./
COPY tokenops tokenops
COPY apps apps
COPY templates templates
COPY static static
RUN SECRET_KEY=only-to-collect-files STATIC_ROOT=/app/staticfiles \
    /venv/bin/python manage.py collectstatic --noinput --verbosity 0

FROM python:3.13-slim
RUN groupadd --system --gid 10001 tokenops \
 && useradd --system --uid 10001 --gid tokenops --no-create-home --shell /usr/sbin/nologin tokenops \
 && install --directory --owner=tokenops --group=tokenops --mode=0700 /state
COPY --from=packages /venv /venv
COPY --from=static /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    STATIC_ROOT=/app/staticfiles \
    TOKENOPS_STATE_DIR=/state \
    PROMETHEUS_MULTIPROC_DIR=/state/metrics
USER tokenops
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["gunicorn", "--config", "python:tokenops.gunicorn", "--bind", "0.0.0.0:8000", \
     "--worker-tmp-dir", "/dev/shm", "tokenops.wsgi:application"]
