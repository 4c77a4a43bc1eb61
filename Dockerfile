# Images of the programs. Nothing of the build stays in them, and nobody in them is root.
#
#   docker build --target run -t bora:0.1 .                 # raw, authentication, ..., admin, gateway
#   docker build --target legacy -t bora-legacy:0.1 .       # the same, and Python for legacy's child
#   docker build --target kairosdb -t bora-kairosdb:1.3.0 . # KairosDB over Cassandra, which has no image
#                                                           # of its makers
ARG DEBIAN=debian:bookworm-20241223-slim

FROM ${DEBIAN} AS build
WORKDIR /bora
# What changes rarely stands first: packages are a layer of their own.
COPY scripts/setup scripts/lib.sh scripts/packages.txt scripts/
RUN scripts/setup --only build && rm -rf /var/lib/apt/lists/*
COPY . .
ARG PROGRAMS="raw authentication datapoints thresholds alerts legacy admin gateway coldchain"
RUN cmake --preset release \
    && cmake --build --preset release --target ${PROGRAMS} \
    && install -d /out/opt/bora/bin \
    && for program in ${PROGRAMS}; do install -s "build/release/bin/${program}" /out/opt/bora/bin/; done \
    && cp -r build/release/bin/resources /out/opt/bora/bin/ \
    && install deploy/image/probe deploy/image/create-topics deploy/image/first-user /out/opt/bora/bin/
# The packages that hold the shared libraries of these very programs.
RUN deploy/image/runtime-packages $(find /out/opt/bora/bin -maxdepth 1 -type f) >/out/runtime-packages

FROM ${DEBIAN} AS run
COPY --from=build /out/runtime-packages /tmp/
# Certificates of authorities: web hooks over https are always verified.
RUN apt-get update \
    && xargs apt-get install -y --no-install-recommends ca-certificates </tmp/runtime-packages \
    && rm -rf /var/lib/apt/lists/* /tmp/runtime-packages \
    && useradd --system --uid 10001 --home-dir /var/lib/bora --shell /usr/sbin/nologin bora \
    && install -d -o bora -g bora -m 0700 /var/lib/bora
COPY --from=build /out/opt /opt
ENV PATH=/opt/bora/bin:/usr/local/bin:/usr/bin:/bin
# The control plane's token and the audit of who used it.
ENV STATE_DIRECTORY=/var/lib/bora
USER 10001
WORKDIR /var/lib/bora
VOLUME /var/lib/bora
EXPOSE 9400
# A program and what it is to do: docker run bora:0.1 raw --help
CMD ["coldchain", "--help"]

FROM run AS legacy
USER 0
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 \
    && rm -rf /var/lib/apt/lists/*
USER 10001

FROM ${DEBIAN} AS kairosdb-jars
RUN apt-get update \
    && apt-get install -y --no-install-recommends maven openjdk-17-jre-headless \
    && rm -rf /var/lib/apt/lists/*
COPY deploy/services/kairosdb /build
# What Maven brings is what is pinned, or there is no image.
RUN mvn -B -ntp -f /build/pom.xml dependency:copy-dependencies \
      -DincludeScope=runtime -DoutputDirectory=/jars \
    && cd /jars && sha256sum --quiet --strict -c /build/jars.sha256

FROM ${DEBIAN} AS kairosdb
RUN apt-get update \
    && apt-get install -y --no-install-recommends curl openjdk-17-jre-headless \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10002 --home-dir /var/lib/kairosdb kairosdb \
    && install -d -o kairosdb /var/lib/kairosdb /var/lib/kairosdb/webroot
COPY --from=kairosdb-jars /jars /opt/kairosdb
COPY deploy/services/kairosdb/logback.xml deploy/image/kairosdb.conf /etc/kairosdb/
USER 10002
WORKDIR /var/lib/kairosdb
EXPOSE 8080
CMD ["java", "-Xmx512m", "--add-opens", "java.base/java.lang=ALL-UNNAMED", \
     "-Dlogback.configurationFile=/etc/kairosdb/logback.xml", \
     "-cp", "/opt/kairosdb/*", "org.kairosdb.core.Main", "-c", "run", "-p", "/etc/kairosdb/kairosdb.conf"]
