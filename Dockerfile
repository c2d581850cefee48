# Candor's service in one image: an ordinary user, nothing to write outside /data.
#
#   docker build -t candor .
#   docker run --read-only --tmpfs /tmp:size=16m --cap-drop ALL --security-opt no-new-privileges \
#       -v candor-data:/data -p 127.0.0.1:8080:8080 candor
#
# Where only a local Debian image exists: --build-arg BASE=localhost/debian:bookworm
ARG BASE=docker.io/library/debian:bookworm-slim

FROM ${BASE} AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates python3 python3-venv \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY requirements/run.txt requirements/
RUN python3 -m venv /opt/candor \
 && /opt/candor/bin/pip install --no-cache-dir --require-hashes -r requirements/run.txt
COPY . .
RUN /opt/candor/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
 && /opt/candor/bin/python -m compileall -q /opt/candor/lib

FROM ${BASE}
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 \
 && rm -rf /var/lib/apt/lists/* /var/log/* /var/cache/debconf/* \
 && useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin candor \
 && install -d -o candor -g candor -m 0700 /data
COPY --from=build /opt/candor /opt/candor
USER candor
WORKDIR /data
VOLUME /data
ENV CANDOR_CONFIG=/data/candor.toml PYTHONDONTWRITEBYTECODE=1
EXPOSE 8080
ENTRYPOINT ["/opt/candor/bin/candor"]
CMD ["serve"]
