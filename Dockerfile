# DAPO Lab as a container: CPU only, without root, one process. Build: docker build -t dapo-lab .   Run: docker run -p 8501:8501 dapo-lab
FROM python:3.11-slim AS packages
RUN python -m venv /opt/venv
COPY requirements.lock .
# Only files with the hashes of requirements.lock are installed, whichever index they come from.
RUN /opt/venv/bin/pip install --no-cache-dir --require-hashes --only-binary :all: \
        --extra-index-url https://download.pytorch.org/whl/cpu -r requirements.lock

FROM python:3.11-slim
# 1000 is the user that Hugging Face Spaces runs containers as.
RUN useradd --create-home --uid 1000 lab && mkdir /data && chown lab /data
COPY --from=packages /opt/venv /opt/venv
WORKDIR /home/lab/app
COPY --chown=lab . .
USER lab
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DAPO_LAB_HOSTED=1 \
    DAPO_LAB_DATA=/data \
    DAPO_LAB_CACHE=/data/cache \
    MALLOC_ARENA_MAX=2 \
    PORT=8501
# The browser's files are copied now, so that the program may be read-only.
RUN python -m pages.shared.common.live_board.assets && python -m compileall -q core pages app.py
VOLUME /data
EXPOSE 8501
# Unknown paths answer 200 as well, so the body is what tells.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["python", "hosting/health.py"]
# One process without a shell: the stop signal reaches the server, which marks the runs that go on as interrupted and ends within seconds.
CMD ["python", "-m", "hosting.serve"]
