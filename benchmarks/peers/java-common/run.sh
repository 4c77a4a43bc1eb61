# shellcheck shell=bash
# What the `run` of the Java contestants share. A contestant is built on first use, and again when a
# source or a pom.xml changed, into build/peers/SYSTEM.
#
#   run_java SYSTEM CLASS JVM_OPTION... -- ARGUMENT...
#
# With the one argument --pin-jars: fetches the jars of others afresh and pins their checksums in
# jars.sha256, after a change of a pom.xml. Environment: PEERS_JVM_OPTIONS, more options, which win.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."

# Two cores: the collector with the most throughput beside two threads that work, and a heap that is
# neither grown nor short. One size for all, so that memory can be compared.
jvm_options=(-Xms1g -Xmx1g -XX:+UseParallelGC -XX:-UsePerfData
  -Djava.awt.headless=true)

fail() {
  printf 'run: %s\n' "$1" >&2
  [[ $# -lt 2 ]] || printf '  mend: %s\n' "$2" >&2
  exit 1
}

# What a build is of.
fingerprint() {
  find benchmarks/peers/pom.xml benchmarks/peers/{java-common,"$1"} -type f | sort |
    xargs sha256sum | sha256sum
}

compile() {
  local system=$1 log=build/peers/$1/build.log
  type mvn javac >/dev/null 2>&1 ||
    fail "Maven and a JDK are needed" "scripts/setup --only peers"
  printf '%s: building, the first time with jars from the Maven repository\n' "$system" >&2
  rm -rf "build/peers/$system"/{lib,own,stamp} build/peers/java-common/own
  mvn -B -ntp -f benchmarks/peers/pom.xml -pl "$system" -am package </dev/null >"$log" 2>&1 || {
    tail -n 30 "$log" >&2
    fail "$system does not build, see above" "the network, Maven's settings.xml, then the sources"
  }
  cp build/peers/java-common/own/*.jar "build/peers/$system/own/"
}

pin_jars() {
  compile "$1"
  (cd "build/peers/$1/lib" && sha256sum ./*.jar | sed 's# \./# #') \
    >"benchmarks/peers/$1/jars.sha256"
  fingerprint "$1" >"build/peers/$1/stamp"
}

check_jars() {
  local pinned=$PWD/benchmarks/peers/$1/jars.sha256
  (cd "build/peers/$1/lib" && sha256sum --quiet --strict -c "$pinned" >&2 &&
    [[ $(find . -name '*.jar' | wc -l) -eq $(wc -l <"$pinned") ]]) ||
    fail "jars of $1 are not those that jars.sha256 pins" \
      "if pom.xml changed: benchmarks/peers/$1/run --pin-jars, and read what that changes"
}

build_if_needed() {
  local stamp=build/peers/$1/stamp
  mkdir -p "build/peers/$1"
  exec 9>build/peers/lock
  flock 9
  if [[ ! -f $stamp || $(<"$stamp") != "$(fingerprint "$1")" ]]; then
    compile "$1"
    check_jars "$1"
    fingerprint "$1" >"$stamp"
  fi
  exec 9>&-
}

# Of this run alone, as these systems leave files behind; what runs that ended left is removed.
temporary_directory() {
  local old
  for old in "build/peers/$1"/tmp/*; do
    [[ ! -d $old || -d /proc/${old##*/} ]] || rm -rf "$old"
  done
  mkdir -p "build/peers/$1/tmp/$$"
  printf '%s' "$PWD/build/peers/$1/tmp/$$"
}

run_java() {
  local system=$1 class=$2
  shift 2
  while [[ $1 != -- ]]; do
    jvm_options+=("$1")
    shift
  done
  shift
  if [[ ${1:-} == --pin-jars ]]; then
    mkdir -p "build/peers/$system"
    pin_jars "$system"
    return
  fi
  build_if_needed "$system"
  # shellcheck disable=SC2086  # several options
  exec java "${jvm_options[@]}" "-Djava.io.tmpdir=$(temporary_directory "$system")" \
    ${PEERS_JVM_OPTIONS:-} -cp "build/peers/$system/own/*:build/peers/$system/lib/*" \
    "$class" "$@"
}
