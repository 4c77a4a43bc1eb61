# shellcheck shell=bash
# shellcheck disable=SC2154  # $state is of instances.sh
# Jars of the Java servers, by Maven, as deploy/services/SERVER/pom.xml names them. They are kept for
# all checkouts, in a directory named after the checksums that jars.sha256 pins.

jars_root=${BORA_JARS:-${XDG_CACHE_HOME:-$HOME/.cache}/bora/jars}

jars_of() {
  printf '%s/%s-%s' "$jars_root" "$1" "$(sha256sum <"deploy/services/$1/jars.sha256" | cut -c1-16)"
}

# fetch_jars SERVER DIRECTORY: from the repositories that this machine's Maven is set up with.
fetch_jars() {
  local log=$2.log
  command -v mvn >/dev/null || die "Maven is not installed" "scripts/setup"
  mvn -B -ntp -f "deploy/services/$1/pom.xml" dependency:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$2" </dev/null >"$log" 2>&1 9>&- || {
    tail -n 20 "$log"
    die "Maven could not fetch the jars of $1, see above" "check the network and Maven's settings.xml"
  }
  rm -f "$log"
}

# need_jars SERVER: fetches them when they are not in the cache. Only what was checked gets there.
need_jars() {
  local directory fresh
  directory=$(jars_of "$1")
  [[ ! -d $directory ]] || return 0
  say "$1: fetching its jars, once for all checkouts, into $jars_root"
  mkdir -p "$jars_root"
  fresh=$(mktemp -d "$directory.XXXXXX")
  fetch_jars "$1" "$fresh"
  (cd "$fresh" && sha256sum --quiet --strict -c -) <"deploy/services/$1/jars.sha256" ||
    die "jars of $1 are not those that jars.sha256 pins, see above" \
      "if pom.xml changed: scripts/services jars $1, and read what that changes"
  mv -T "$fresh" "$directory" 2>/dev/null || rm -rf "$fresh" # another checkout may have been first
}

pin_jars() {
  local fresh
  mkdir -p "$jars_root"
  fresh=$(mktemp -d "$jars_root/$1-pin.XXXXXX")
  fetch_jars "$1" "$fresh"
  (cd "$fresh" && sha256sum ./*.jar | sed 's# \./# #') >"deploy/services/$1/jars.sha256"
  rm -rf "$fresh"
  say "deploy/services/$1/jars.sha256 pins $(wc -l <"deploy/services/$1/jars.sha256") jars"
}

# java_options: what all of them run with. Two cores and little memory: the serial collector.
# shellcheck disable=SC2034  # for the scripts beside this one
java_options=(-XX:+UseSerialGC -XX:-UsePerfData -Xshare:auto -Djava.awt.headless=true)

# prepare_classes SERVER INSTANCE: sets class_options to those with which Java starts in a third of the
# CPU time. The JVM that runs without them writes what it has loaded, parsed and checked into a file
# when it ends; keep_classes puts that beside the jars, for all that start later. The file is good for
# one build of Java and one set of jars, which its place and name say.
# shellcheck disable=SC2034  # for the scripts beside this one
prepare_classes() {
  local jvm archive
  jvm=$(dirname "$(readlink -f "$(command -v java)")")/../lib/server/libjvm.so
  archive=$(jars_of "$1")/classes-$(stat -Lc %s-%Y "$jvm").jsa
  rm -f "$state/$2/classes.jsa"
  if [[ -s $archive ]]; then
    class_options=("-XX:SharedArchiveFile=$archive" -Xlog:cds=off)
  else
    printf '%s' "$archive" >"$state/$2/classes.for"
    class_options=("-XX:ArchiveClassesAtExit=$state/$2/classes.jsa" -Xlog:cds=off -Xlog:cds+dynamic=off)
  fi
}

# keep_classes INSTANCE: for one that ended in order, and so has written all of its file.
keep_classes() {
  [[ ! -s $state/$1/classes.jsa ]] || mv -n "$state/$1/classes.jsa" "$(cat "$state/$1/classes.for")"
}
