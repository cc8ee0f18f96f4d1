# What the system tests share: the real daemon, run as a user would, and what is expected of it. No test depends on how
# fast the machine is: what is to come is waited for, by within, answers, until_said.
# shellcheck shell=bash
set -euo pipefail

build=${INSTINCT_BUILD:?the folder with instinctd}
# shellcheck disable=SC2034 # the tests use it
source=${INSTINCT_SOURCE:?the root of the sources}

# A socket's path has 107 bytes at most: below a long TMPDIR there is no room for one.
tmp=${TMPDIR:-/tmp}
[[ $tmp == /* && ${#tmp} -le 50 ]] || unset TMPDIR
scratch=$(mktemp -d)
# Whatever way a test ends, the daemon that it started goes too.
trap 'kill -KILL $(jobs -p) 2>/dev/null || true; rm -rf "$scratch"' EXIT
cases=0

# Tests run at the same time, and beside a robot that may run here: each has its own place for sockets and for what is
# kept, and nothing from around it.
unset RUNTIME_DIRECTORY NOTIFY_SOCKET WATCHDOG_USEC WATCHDOG_PID INVOCATION_ID JOURNAL_STREAM
export XDG_RUNTIME_DIR=$scratch INSTINCT_SOCKET=$scratch/instinct STATE_DIRECTORY=$scratch/.state LC_ALL=C.UTF-8
mkdir "$STATE_DIRECTORY"

# Seconds that are not too few on any machine: for what is waited for, for an answer, for a command.
patience=200
export INSTINCT_TIMEOUT=$patience

# Run a command; its output goes to $out (both streams), its exit status to $status.
run()
{
	status=0
	out=$(timeout $((2 * patience)) "$@" 2>&1) || status=$?
	ended "$@"
}

# The same without standard error, for output that is compared: what a loaded machine makes the daemon say goes there.
run_quietly()
{
	status=0
	out=$(timeout $((2 * patience)) "$@" 2>/dev/null) || status=$?
	ended "$@"
}

ended()
{
	[ "$status" -ne 124 ] || fail "no end after $((2 * patience)) s: $*"
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

# Let some time pass: pause SECONDS
pause()
{
	read -rt "$1" <>"$scratch/never" || true
}

# within COMMAND... : it succeeds within $patience seconds.
within()
{
	local deadline=$((SECONDS + patience))
	until "$@"; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		pause 0.05
	done
}

# answers REGEX COMMAND... : it succeeds and says such a line; its output is in $out.
answers()
{
	local line=$1
	shift
	run "$@"
	[ "$status" -eq 0 ] && grep -qE -- "$line" <<<"$out"
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

# until_ended STATUS WHAT : the daemon, process $pid, comes to its end, with that status.
until_ended()
{
	within gone || fail "$2: it does not end within $patience s"
	status=0
	# shellcheck disable=SC2154 # the test has started it
	wait "$pid" || status=$?
	expect_status "$1" "$2"
}
gone()
{
	! kill -0 "$pid" 2>/dev/null
}

# until_said TEXT : read on from descriptor 3 until a line has that; it is in $line.
until_said()
{
	local deadline=$((SECONDS + patience))
	while [ "$SECONDS" -lt "$deadline" ] && IFS= read -rt "$patience" line <&3; do
		[[ $line != *"$1"* ]] || return 0
	done
	fail "it does not say within $patience s, or before its end: $1"
}

# What it says until its end on descriptor 3, in $out.
until_silent()
{
	out=$(timeout "$patience" cat <&3) || fail "it says no end within $patience s"
}

# fault ARGUMENTS... : injected into the daemon that runs.
fault()
{
	run "$build/instinct" fault "$@"
	expect_status 0 "fault $*"
}

# fault_refused REGEX ARGUMENTS... : with such a line.
fault_refused()
{
	local line=$1
	shift
	run "$build/instinct" fault "$@"
	expect_status 1 "fault $*"
	expect_line "$line" "fault $*"
}
