# What the system tests share: the real daemon, run as a user would, and what is expected of it.
# shellcheck shell=bash
set -euo pipefail

build=${INSTINCT_BUILD:?the folder with instinctd}
source=${INSTINCT_SOURCE:?the root of the sources}
scratch=$(mktemp -d)
# Whatever way a test ends, the daemon that it started goes too.
trap 'kill -KILL $(jobs -p) 2>/dev/null || true; rm -rf "$scratch"' EXIT
cases=0

# Tests run at the same time: each has its own place for sockets.
export XDG_RUNTIME_DIR=$scratch
unset RUNTIME_DIRECTORY

# Run a command; its output goes to $out (both streams), its exit status to $status.
run()
{
	status=0
	out=$(timeout 60 "$@" 2>&1) || status=$?
}

# The same without standard error, for output that is compared: what a loaded machine makes the daemon say goes there.
run_quietly()
{
	status=0
	out=$(timeout 60 "$@" 2>/dev/null) || status=$?
}

fail()
{
	printf 'FAIL: %s\nstatus %s, output:\n%s\n' "$1" "${status:-?}" "${out:-}" >&2
	exit 1
}

# expect_status N WHAT
expect_status()
{
	[ "$status" -eq "$1" ] || fail "$2: expected status $1"
}

# expect_line REGEX WHAT
expect_line()
{
	grep -qE -- "$1" <<<"$out" || fail "$2: no line like: $1"
}

passed()
{
	cases=$((cases + 1))
	printf 'ok %d - %s\n' "$cases" "$1"
}

# For tests of a daemon that runs beside them: its log goes here.
log=$scratch/log
mkfifo "$scratch/never"

# within COMMAND... : it succeeds within $patience seconds.
patience=30
within()
{
	local deadline=$((SECONDS + patience))
	until "$@"; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		read -rt 0.05 <>"$scratch/never" || true
	done
}

# value_is NAME REGEX
value_is()
{
	[[ $("$build/instinct" get "$1" 2>/dev/null) =~ $2 ]]
}

# says REGEX : a line of the log.
says()
{
	grep -qE -- "$1" "$log"
}
