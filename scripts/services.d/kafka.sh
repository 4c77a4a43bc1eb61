# shellcheck shell=bash
# shellcheck disable=SC2154  # $state, $java_options and $class_options are of instances.sh and jars.sh
# Kafka in KRaft mode, broker and controller in one process: one broker, or three for tests of failure.
# Functions named kafka_* serve both services; those of kafka3 stand at the end.

kafka_instances() { echo kafka; }
kafka_port_names() { echo kafka kafka.tls kafka.controller; }

kafka_env() {
  say "BORA_KAFKA=127.0.0.1:$(port kafka)"
  say "BORA_KAFKA_TLS=localhost:$(port kafka.tls)"
  say "BORA_CERTS=$state/certs"
}

# kafka_complete: the rights of the certificates. They are kept with the data; only a change is made.
kafka_complete() {
  local wanted=deploy/services/kafka/acls
  cmp -s "$wanted" "$state/kafka/acls" && return
  scripts/services.d/kafka_acls.py "127.0.0.1:$(port kafka)" "$wanted" ||
    die "the rights in $wanted could not be set, see above" "see $state/kafka/log"
  cp "$wanted" "$state/kafka/acls"
}

# kafka_configure INSTANCE NODE VOTERS COPIES IN_STEP LISTENERS: writes its server.properties.
kafka_configure() {
  local directory=$state/$1
  cat deploy/services/kafka/broker.properties "deploy/services/kafka/listener.$6.properties" |
    sed -e "s#@NODE@#$2#" -e "s#@VOTERS@#$3#" -e "s#@COPIES@#$4#" -e "s#@IN_STEP@#$5#" \
      -e "s#@DATA@#$directory/data#" -e "s#@PORT@#$(port "$1")#" \
      -e "s#@CONTROLLER_PORT@#$(port "$1.controller")#" -e "s#@TLS_PORT@#$(port "$1.tls")#" \
      -e "s#@CERTS@#$state/certs#" >"$directory/server.properties"
}

# kafka_java INSTANCE OPTION... CLASS ARGUMENT...: the command that runs a class of Kafka's.
kafka_java() {
  java "${java_options[@]}" -Dlog4j.configuration="file:$PWD/deploy/services/kafka/log4j.properties" \
    -cp "$(jars_of kafka)/*" "$@"
}

# kafka_format CLUSTER INSTANCE: makes the directory of a new node. All nodes of a cluster share an id.
kafka_format() {
  local directory=$state/$2
  [[ ! -f $directory/data/meta.properties ]] || return 0
  kafka_java -Xmx128m -XX:TieredStopAtLevel=1 kafka.tools.StorageTool format -t "$1" \
    -c "$directory/server.properties" >"$directory/format.log" 2>&1 9>&- || {
    cat "$directory/format.log"
    die "formatting the directory of $2 failed, see above" "scripts/services wipe ${2%-*}"
  }
}

# kafka_cluster_id FILE: 16 random bytes, made once.
kafka_cluster_id() {
  [[ -s $1 ]] || head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=' >"$1"
  cat "$1"
}

kafka_need() {
  command -v java >/dev/null || die "Java is not installed" "scripts/setup"
  command -v kcat >/dev/null || die "kcat is not installed" "scripts/setup"
  need_jars kafka
}

kafka_prepare() {
  kafka_need
  scripts/certs "$state/certs" 9>&-
  kafka_configure kafka 1 "1@127.0.0.1:$(port kafka.controller)" 1 1 tls
  kafka_format "$(kafka_cluster_id "$state/kafka/cluster")" kafka
  touch "$state/kafka/prepared"
}

# kafka_launch INSTANCE
kafka_launch() {
  local more=() size=(-Xmx512m)
  read -ra more <<<"${BORA_KAFKA_JAVA_OPTIONS:-}"
  # Benchmarks run against the one broker; the three shall start soon, and need no more than the first
  # compiler for that.
  [[ $1 == kafka ]] || size=(-Xmx256m -XX:TieredStopAtLevel=1)
  prepare_classes kafka "$1"
  launch "$1" java "${java_options[@]}" "${class_options[@]}" "${size[@]}" -Xms128m \
    -Djava.net.preferIPv4Stack=true \
    -Dlog4j.configuration="file:$PWD/deploy/services/kafka/log4j.properties" \
    -cp "$(jars_of kafka)/*" "${more[@]}" kafka.Kafka "$state/$1/server.properties"
}

# kafka_ready INSTANCE: it tells a client who the brokers are, and is one of them.
kafka_ready() {
  local metadata
  metadata=$(timeout 3 kcat -L -m 2 -b "127.0.0.1:$(port "$1")" 2>/dev/null) &&
    [[ $metadata == *" at 127.0.0.1:$(port "$1")"* ]]
}

# -- three brokers -----------------------------------------------------------------------------------

kafka3_instances() { echo kafka3-1 kafka3-2 kafka3-3; }

kafka3_port_names() {
  local instance
  for instance in $(kafka3_instances); do echo "$instance" "$instance.controller"; done
}

kafka3_env() {
  say "BORA_KAFKA3=127.0.0.1:$(port kafka3-1),127.0.0.1:$(port kafka3-2),127.0.0.1:$(port kafka3-3)"
}

kafka3_prepare() {
  local node voters='' id
  kafka_need
  for node in 1 2 3; do voters+=,$node@127.0.0.1:$(port "kafka3-$node.controller"); done
  id=$(kafka_cluster_id "$state/kafka3-1/cluster")
  for node in 1 2 3; do
    kafka_configure "kafka3-$node" "$node" "${voters#,}" 3 2 plain
    kafka_format "$id" "kafka3-$node"
    touch "$state/kafka3-$node/prepared"
  done
}

kafka3_launch() { kafka_launch "$1"; }

# kafka3_ready INSTANCE: as one broker, of the set.
kafka3_ready() { kafka_ready "$1"; }

kafka3_complete() { :; }
