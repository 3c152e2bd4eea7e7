#!/usr/bin/env bash
# Rules of the code base that no compiler checks: lint.sh RULE, run by ctest from the source folder. Prints each offence as
# file:line and fails when there is one. What a rule allows is listed with the reason, next to the rule.
set -euo pipefail
shopt -s globstar nullglob

offences=0
offence() { printf '%s\n' "$*"; offences=$((offences + 1)); }
# Lines of standard input (file:line:text) whose file is not in the list `allowed`.
report() {  # report WHAT
  local line file
  while IFS= read -r line; do
    file=${line%%:*}
    case " ${allowed[*]-} " in *" $file "*) ;; *) offence "$line   <- $1" ;; esac
  done
}
# As grep -nHE without lines that are comments.
find_code() { grep -nHE "$1" "${@:2}" | grep -vE '^[^:]+:[0-9]+: *(//|--)' || true; }

# The Session is replayed bit for bit: clocks, chance and the environment stay at the edge (docs/architecture.md).
rule_outside_world() {
  local allowed=(
    engine/app/pacing.cpp                # a paper session keeps pace with the clock on the wall
    engine/app/session_run.cpp           # names a run's folder by the time; says how long a run took
    engine/app/strategy_test_command.cpp # says how long each test took
    engine/app/backup_commands.cpp       # names backups by the time; what is older than the audit is kept
    engine/app/health.cpp                # the health check looks at the clock; operator.log has times
    engine/app/watchdog.cpp              # measures how long an engine has been silent
    engine/ops/control_server.cpp        # time limits of clients of the control socket
    engine/app/wall_clock.cpp            # names of files, the age of data, the operator's log, today's date
    engine/app/reload_desk.cpp           # lets an editor finish saving before it reads; looks again now and then
    engine/app/reload_desk.hpp
    engine/app/paths.cpp                 # TIDE_HOME and the XDG folders
    engine/app/terminal.cpp              # NO_COLOR
    bindings/child_process.cpp           # how much processor time a worker has used
    bindings/worker_ring.cpp             # how long to wait for another process; what ran too long is journalled
    bindings/worker_ring.hpp
    bindings/worker_host.cpp
    bindings/worker_zygote.cpp
  )
  local clock='(_clock|Clock|Wall)::now *\(|system_clock|steady_clock|high_resolution_clock|\b(gettimeofday|clock_gettime|timespec_get)\('
  local chance='random_device|\b(std::)?s?rand\(|\b(getrandom|getentropy|arc4random)\(|/dev/u?random'
  local environment='\b(secure_)?getenv\(|\benviron\b'
  local calendar='\bstd::(time|clock|localtime|mktime)\(|(^|[^>.A-Za-z_])time\((nullptr|NULL|0|&)|\b(localtime(_r)?|mktime)\('
  find_code "$clock|$chance|$environment|$calendar" engine/**/*.[ch]pp bindings/**/*.[ch]pp > "$scratch"
  report "clock, chance or environment" < "$scratch"
  local file
  for file in "${allowed[@]}"; do
    [ -f "$file" ] || offence "$file is allowed here but does not exist"
  done
}

# The order of an unordered container differs from build to build: what it decides is not replayable.
rule_unordered_iteration() {
  local allowed=() folder name
  for folder in engine/{core,market,trading,risk,session,brokers} bindings; do
    local files=("$folder"/**/*.[ch]pp)
    while read -r name; do
      find_code "for *\(.*: *(this->)?$name *\)|\b$name\.c?begin\(" "${files[@]}" > "$scratch"
      report "iterates over an unordered container" < "$scratch"
    done < <(grep -hoE 'unordered_(multi)?(map|set)<.*> *[a-z_0-9]+ *[;={]' "${files[@]}" | grep -oE '[a-z_0-9]+ *[;={]$' | tr -d ' ;={' | sort -u)
  done
}

rule_unfinished() {
  local allowed=(tests/lint/lint.sh)
  grep -rnHwE 'TODO|FIXME|XXX|HACK' engine bindings tests config docs cmake scripts strategies dev CMakeLists.txt --include='*' \
    --exclude-dir=corpus > "$scratch" || true
  report "unfinished" < "$scratch"
}

rule_file_size() {
  local most=800 count file
  while read -r count file; do
    [ "$count" -le $most ] || offence "$file has $count lines; at most $most"
  done < <(wc -l engine/**/*.[ch]pp bindings/**/*.[ch]pp tests/**/*.[ch]pp strategies/**/*.lua scripts/**/*.lua dev | grep -v ' total$')
}

# The repository speaks of the product alone.
rule_machine_paths() {
  local allowed=(tests/lint/lint.sh)
  grep -rnHIE '/(work|root|home/[a-z]+)/' engine bindings tests config docs cmake scripts strategies dev README.md CMakeLists.txt > "$scratch" || true
  report "a path of some machine" < "$scratch"
}

# layer.txt, one line a layer: "market: include-root include-root …" as its users see them.
roots_of() { sed -n "s/^$1: *//p" "$layers" | tr ' ' '\n' | grep "/layers/" | sort -u; }

# A layer reaches exactly what the table in docs/architecture.md lets it, directly or through what it may use.
rule_layers() {
  local -A uses
  local names used name actual allowed_layers compiler=$cxx
  while IFS='|' read -r _ names _ used _; do
    for name in $(tr -d '`,' <<< "$names"); do uses[$name]=$(grep -oE '\b[a-z]+\b' <<< "$used" | tr '\n' ' '); done
  done < <(sed -n '/^| layer |/,/^$/p' docs/architecture.md | grep '^| `')
  [ -n "${uses[ledger]-}" ] || offence "docs/architecture.md: the table of layers was not understood"
  closure() {
    local one
    printf '%s\n' "$1"
    for one in ${uses[$1]-}; do
      if [ -n "${uses[$one]-}" ]; then closure "$one"; fi
    done
  }
  while IFS=: read -r name _; do
    if [ "$name" = app ]; then continue; fi  # may use everything
    [ -n "${uses[$name]-}" ] || { offence "layer $name is not in the table of docs/architecture.md"; continue; }
    actual=$(roots_of "$name" | sed 's|.*/layers/||' | sort -u | tr '\n' ' ')
    allowed_layers=$(closure "$name" | sort -u | tr '\n' ' ')
    [ "$actual" = "$allowed_layers" ] || offence "$name reaches: $actual; the table allows: $allowed_layers"
  done < "$layers"
  # And with the compiler: market sees its own headers and not the session's.
  local flags
  flags=$(roots_of market | sed 's/^/-I/')
  compiles() { $compiler -std=c++20 -fsyntax-only $flags -x c++ - <<< "#include \"$1\"" > "$scratch" 2>&1; }
  compiles market/quotes.hpp || { cat "$scratch"; offence "market does not see market/quotes.hpp"; }
  ! compiles session/session.hpp || offence "market sees session/session.hpp"
  grep -q 'session/session.hpp: No such file\|not found' "$scratch" || { cat "$scratch"; offence "the include failed for another reason"; }
}

# A header that is the first include of its own source file is compiled alone by the build; the others are here.
rule_headers() {
  local header source layer list="$scratch.headers"
  : > "$list"
  for header in engine/**/*.hpp bindings/**/*.hpp; do
    source=${header%.hpp}.cpp
    if [ -f "$source" ] && grep -m1 '^#include' "$source" | grep -q "\"[a-z_/]*${header##*/}\""; then continue; fi
    layer=${header#engine/}
    printf '%s %s\n' "${layer%%/*}" "$header" >> "$list"
  done
  export cxx layers
  xargs -P "$(nproc)" -L 1 bash -c '
    flags=$(sed -n "s/^$0: *//p" "$layers" | tr " " "\n" | grep -vx /usr/include | sed "s/^/-isystem/; s/-isystem\(.*\/layers\/\)/-I\1/")
    $cxx -std=c++20 -fsyntax-only -Wall -Wextra -Werror -x c++ $flags - <<< "#include \"$PWD/$1\""' \
    < "$list" || offence "a header does not compile alone"
  printf '%s headers compiled\n' "$(wc -l < "$list")"
}

rule=$1 cxx=${2-g++} layers=${3-} scratch=$(mktemp)
trap 'rm -f "$scratch" "$scratch.headers"' EXIT
"rule_$rule"
[ "$offences" -eq 0 ]
