# shellcheck shell=bash
# shellcheck disable=SC2154  # $state is of instances.sh
# Redis: Debian's server with a configuration of its own; the system's, if any, is left alone.

redis_instances() { echo redis; }
redis_port_names() { echo redis; }
redis_env() { say "BORA_REDIS=127.0.0.1:$(port redis)"; }
redis_complete() { :; }

redis_prepare() {
  command -v redis-server >/dev/null || die "redis-server is not installed" "scripts/setup"
  mkdir -p "$state/redis/data"
  sed -e "s#@PORT@#$(port redis)#" -e "s#@DATA@#$state/redis/data#" \
    deploy/services/redis/redis.conf >"$state/redis/redis.conf"
  touch "$state/redis/prepared"
}

redis_launch() { launch redis redis-server "$state/redis/redis.conf"; }

redis_ready() {
  [[ $(timeout 2 redis-cli -h 127.0.0.1 -p "$(port redis)" ping 2>/dev/null) == PONG ]]
}
