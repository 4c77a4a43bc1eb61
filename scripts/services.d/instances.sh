# shellcheck shell=bash
# Processes and ports of scripts/services. An instance is one server process, with a directory of its
# own under build/services: its pid file, its log, its data.

state=$PWD/build/services

# take_turn: one command that changes something at a time in a checkout; the others wait.
take_turn() {
  mkdir -p "$state"
  exec 9>"$state/lock"
  flock -w 300 9 || die "another scripts/services has been at work for 5 minutes" "end it"
}

# -- processes ---------------------------------------------------------------------------------------

# A pid file holds the pid and the start time of the process in the kernel's ticks: another process
# that gets the same pid later is not taken for it, and never signalled.
started_at() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  read -ra stat <<<"${stat##*) }" # the name before it may hold anything
  [[ ${stat[0]} != [ZX] ]] && printf '%s' "${stat[19]}"
}

pid_of() { cut -d' ' -f1 "$state/$1/pid"; }

is_alive() {
  local pid began
  [[ -f $state/$1/pid ]] && read -r pid began <"$state/$1/pid" || return 1
  [[ $(started_at "$pid") == "$began" ]]
}

memory_of() { awk '/^VmRSS:/ { print int($2 / 1024) }' "/proc/$(pid_of "$1")/status"; }

# launch INSTANCE COMMAND...: starts it in its directory, in a session of its own, so that Ctrl-C in
# the terminal ends the script and not the servers. Files that the caller has open, such as a test's
# sockets, are not passed on to it.
launch() {
  local instance=$1 pid file
  shift
  (
    cd "$state/$instance" || exit
    exec >>log 2>&1 </dev/null
    for file in /proc/self/fd/*; do
      file=${file##*/}
      ((file <= 2)) || eval "exec $file>&-"
    done
    exec setsid "$@"
  ) &
  pid=$!
  printf '%s %s\n' "$pid" "$(started_at "$pid")" >"$state/$instance/pid"
}

# wait_gone INSTANCE SECONDS: false when it is still there by then.
wait_gone() {
  local deadline=$((SECONDS + $2))
  while is_alive "$1"; do
    ((SECONDS < deadline)) || return 1
    sleep 0.05
  done
}

# end_instances INSTANCE...: SIGTERM to all at once, SIGKILL to what stays too long. Of three brokers the
# last can never take its leave of a quorum, and Kafka would wait for that: less patience with several.
end_instances() {
  local instance patience=20
  (($# == 1)) || patience=10
  for instance in "$@"; do
    is_alive "$instance" || continue
    kill "$(pid_of "$instance")"
    kill -s CONT "$(pid_of "$instance")" # a paused one would never see it
  done
  for instance in "$@"; do
    if wait_gone "$instance" "$patience"; then
      keep_classes "$instance"
      continue
    fi
    say "$instance: still there $patience s after SIGTERM, killed"
    kill -s KILL "$(pid_of "$instance")"
    wait_gone "$instance" 10 || die "$instance does not end, not even by SIGKILL"
  done
}

# wait_ready SERVICE INSTANCE: until it answers, 180 s at most. A broker that was killed reads the log of
# each of its partitions first.
wait_ready() {
  local service=$1 instance=$2 began=$SECONDS said=$SECONDS
  until "${service}_ready" "$instance"; do
    if ! is_alive "$instance"; then
      tail -n 20 "$state/$instance/log"
      die "$instance ended while it started; the end of its log is above" \
        "see $state/$instance/log; scripts/services wipe $service starts it from nothing"
    fi
    ((SECONDS - began < 180)) ||
      die "$instance does not answer 180 s after its start" "see $state/$instance/log"
    if ((SECONDS - said >= 5)); then
      said=$SECONDS
      say "  waiting for $instance, $((SECONDS - began)) s"
    fi
    sleep 0.1
  done
}

# -- ports -------------------------------------------------------------------------------------------

# build/services/ports: "NAME PORT" lines; a name is INSTANCE or INSTANCE.LISTENER. Random ports below
# those that the kernel gives to outgoing connections (32768 on), so that none of these takes a port
# while its server is down, and so that two checkouts hardly choose the same.

port() { [[ ! -f $state/ports ]] || awk -v name="$1" '$1 == name { print $2 }' "$state/ports"; }

is_taken() {
  local hex
  printf -v hex ':%04X' "$1"
  # Column 4 is the state: 0A listens.
  awk -v end="$hex$" '$4 == "0A" && $2 ~ end { found = 1 } END { exit !found }' \
    /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

forget_ports() {
  [[ -f $state/ports ]] || return 0
  awk -v name="$1" '$1 != name && index($1, name ".") != 1' "$state/ports" >"$state/ports.new"
  mv "$state/ports.new" "$state/ports"
}

# settle_ports SERVICE: gives it ports when it has none, and others for those that somebody took.
settle_ports() {
  local name number
  for name in $("${1}_port_names"); do
    number=$(port "$name")
    [[ -z $number ]] || is_taken "$number" || continue
    [[ -z $number ]] || say "$name: port $number was taken by another program"
    forget_port_name "$name"
    number=$((20000 + RANDOM % 12000))
    while is_taken "$number" || grep -qs " $number$" "$state/ports"; do
      number=$((20000 + RANDOM % 12000))
    done
    printf '%s %s\n' "$name" "$number" >>"$state/ports"
  done
}

forget_port_name() {
  [[ -f $state/ports ]] || return 0
  awk -v name="$1" '$1 != name' "$state/ports" >"$state/ports.new"
  mv "$state/ports.new" "$state/ports"
}

ports_of() {
  awk -v name="$1" '$1 == name { print "port " $2 }
    index($1, name ".") == 1 { print substr($1, length(name) + 2) " " $2 }' "$state/ports" |
    paste -sd ' '
}
