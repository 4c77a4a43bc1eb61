# shellcheck shell=bash
# shellcheck disable=SC2154  # $state, $java_options and $class_options are of instances.sh and jars.sh
# KairosDB with the H2 store that it brings: one process, data in a file.

kairosdb_instances() { echo kairosdb; }
kairosdb_port_names() { echo kairosdb kairosdb.telnet; }
kairosdb_env() { say "BORA_KAIROSDB=http://127.0.0.1:$(port kairosdb)"; }
kairosdb_complete() { :; }

kairosdb_prepare() {
  command -v java >/dev/null || die "Java is not installed" "scripts/setup"
  command -v curl >/dev/null || die "curl is not installed" "scripts/setup"
  need_jars kairosdb
  mkdir -p "$state/kairosdb/data/cache" "$state/kairosdb/webroot"
  sed -e "s#@PORT@#$(port kairosdb)#" -e "s#@TELNET_PORT@#$(port kairosdb.telnet)#" \
    deploy/services/kairosdb/kairosdb.conf >"$state/kairosdb/kairosdb.conf"
  touch "$state/kairosdb/prepared"
}

kairosdb_launch() {
  prepare_classes kairosdb kairosdb
  launch kairosdb java "${java_options[@]}" "${class_options[@]}" -Xmx256m -XX:TieredStopAtLevel=1 \
    --add-opens java.base/java.lang=ALL-UNNAMED \
    -Dlogback.configurationFile="$PWD/deploy/services/kairosdb/logback.xml" \
    -cp "$(jars_of kairosdb)/*" org.kairosdb.core.Main -c run -p kairosdb.conf
}

kairosdb_ready() {
  curl -sf -m 2 -o /dev/null "http://127.0.0.1:$(port kairosdb)/api/v1/health/check" 2>/dev/null
}
