# shellcheck shell=bash
# What the scripts share. Source it; it moves to the root of the project.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Folders that hold C++; everything else is not checked.
# shellcheck disable=SC2034  # for the scripts that source this file
source_folders=(include engine host connectors spouts bolts topologies services tests benchmarks docs)

say() { printf '%s\n' "$*"; }

# die WHAT [MEND]: one line for what is wrong, one for what to do about it.
die() {
  printf '%s: %s\n' "$(basename "$0")" "$1" >&2
  [[ $# -lt 2 ]] || printf '  mend: %s\n' "$2" >&2
  exit 1
}

# usage: prints the comment block at the head of the calling script, which is its --help.
usage() { awk 'NR > 1 && !/^#/ { exit } NR > 1 { sub(/^# ?/, ""); print }' "$1"; }

# Jobs at a time: one per core, but 1.5 GB of memory for each, since some sources need that much.
jobs_at_once() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/^MemAvailable:/ { print int($2 / 1572864) }' /proc/meminfo)
  ((memory >= 1)) || memory=1
  echo $((memory < cores ? memory : cores))
}

# sources EXTENSION...: the project's files with these extensions, sorted, one per line.
sources() {
  local extension names=()
  for extension in "$@"; do names+=(-o -name "*.$extension"); done
  find "${source_folders[@]}" -type f \( "${names[@]:1}" \) | sort
}

# with_progress LOG COMMAND...: runs a build or ctest. On a terminal its progress is one line that
# moves, elsewhere a plain line every few seconds; everything that is not mere progress (a warning,
# a failed test) is printed at once. LOG gets it all. Returns what the command returned.
with_progress() {
  local log=$1
  shift
  mkdir -p "$(dirname "$log")"
  "$@" 2>&1 </dev/null | tee "$log" | show_progress
}

# in_parallel FUNCTION FILE...: calls FUNCTION for each file, several at a time, with progress.
# Fails when one of them failed. FUNCTION sees exported variables only.
in_parallel() {
  local function=$1 file count=0
  shift
  export -f "${function?}"
  for file in "$@"; do
    count=$((count + 1))
    printf '[%d/%d] %s\0%s\0' "$count" $# "$file" "$file"
  done |
    xargs -0 -n2 -P "$(jobs_at_once)" bash -c "$function \"\$1\" && printf '%s\n' \"\$0\"" |
    show_progress
}

show_progress() {
  local line='' piece='' last='' shown='' next_at=0 status tty=0 width
  [[ -t 1 && ${TERM:-dumb} != dumb ]] && tty=1
  width=$(($(tput cols 2>/dev/null || echo 80) - 1))
  local edge='^\[[0-9]+/[0-9]+\] ' test_ok='^ *[0-9]+/[0-9]+ Test +#[0-9]+: .* Passed '
  local noise='^ +Start +[0-9]+: |^Test project |^Internal ctest|^ninja: (no work|Entering)|^$'
  while true; do
    if IFS= read -r -t 1 piece; then
      line+=$piece
      if [[ $line =~ $edge || $line =~ $test_ok ]]; then
        last=${line#"${line%%[! ]*}"}
        ((tty == 0)) || printf '\r\033[K%s' "${last:0:width}"
      elif [[ ! $line =~ $noise ]]; then
        ((tty == 0)) || printf '\r\033[K'
        printf '%s\n' "$line"
        next_at=$((SECONDS + 5))
      fi
      line=''
    else
      status=$?
      line+=$piece              # a time-out may have read half a line
      ((status > 128)) || break # end of input
    fi
    if ((tty == 0 && SECONDS >= next_at)); then
      # The same line again says that it still works, and on what since when.
      [[ -z $last ]] || printf '  %s%s\n' "$last" "$([[ $last != "$shown" ]] || echo ' ...')"
      shown=$last
      next_at=$((SECONDS + 5))
    fi
  done
  [[ -z $line ]] || printf '%s\n' "$line"
  ((tty == 0)) || printf '\r\033[K'
}

# configure PRESET: CMake's configuration step, quiet unless it fails.
configure() {
  local log=build/logs/configure-$1.log
  mkdir -p build/logs
  cmake --preset "$1" >"$log" 2>&1 || {
    cat "$log"
    die "configuring preset $1 failed, see above" "scripts/setup, then see CMake's last words"
  }
}

# build PRESET [TARGET...]: configures and builds, with progress.
build() {
  local preset=$1 targets=()
  shift
  say "configuring $preset"
  configure "$preset"
  [[ $# -eq 0 ]] || targets=(--target "$@")
  say "building $preset with $(jobs_at_once) jobs${*:+: $*}"
  with_progress "build/logs/build-$preset.log" \
    cmake --build --preset "$preset" -j "$(jobs_at_once)" "${targets[@]}" -- -k 0 ||
    die "building $preset failed: build/logs/build-$preset.log has all of it" "see the first FAILED"
}
