# shellcheck shell=bash
kairosdb_instances() { echo kairosdb; }
kairosdb_port_names() { echo kairosdb kairosdb.telnet; }
kairosdb_env() { say "BORA_KAIROSDB=http://127.0.0.1:$(port kairosdb)"; }
kairosdb_complete() { :; }
