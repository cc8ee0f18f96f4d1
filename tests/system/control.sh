#!/usr/bin/env bash
# The running daemon from outside: the command line, the state and control sockets, a second daemon, clients
# that send rubbish or vanish, signals.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

desk=$source/config/desk.jsonc
instinct=$build/instinct

run "$instinct" status --socket "$scratch"
expect_status 3 "no daemon"
expect_line 'no instinctd answers at' "it says so"
passed "without a daemon: exit 3 and what to do"

mkfifo "$scratch/out"
"$build/instinctd" --config "$desk" --view >"$scratch/out" 2>&1 &
pid=$!
exec 3<"$scratch/out"
until_said "head.touched is true"
cat <&3 >"$scratch/rest" &

for command in "status" "values" "values head.*" "get imu.accel" "behaviours" "tasks"; do
	# shellcheck disable=SC2086
	run "$instinct" $command
	expect_status 0 "$command"
	[ -n "$out" ] || fail "$command: says nothing"
	# shellcheck disable=SC2086
	run "$instinct" $command --json
	expect_status 0 "$command --json"
	/usr/bin/python3 -c 'import json,sys; [json.loads(l) for l in sys.stdin]' <<<"$out" 2>/dev/null ||
		fail "$command --json: not JSON"
done
passed "status, values, get, behaviours, tasks, as text and as JSON"

# In a terminal of 70 columns, which python opens: lines break there, and the rest is below where it began.
run /usr/bin/python3 -c 'import fcntl, os, pty, struct, sys, termios
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 70, 0, 0))
    os.execv(sys.argv[1], sys.argv[1:])
try:
    while text := os.read(terminal, 4096):
        os.write(1, text.replace(b"\r", b""))
except OSError:
    pass' "$instinct" tasks
expect_status 0 "tasks in a terminal"
expect_line '^TASK  .*WAITS FOR$' "they have a head"
expect_line '^ {28,}[a-z]' "what does not fit goes on below"
awk 'length > 70 { exit 1 }' <<<"$out" || fail "tasks: wider than the terminal: $out"
passed "tasks in a narrow terminal"

run "$instinct" set param.nod.times 3
expect_status 0 "set a parameter"
run "$instinct" get param.nod.times
expect_line '^3$' "the parameter is set"
run "$instinct" set param.nod.times 99
expect_status 1 "a parameter out of its range"
run "$instinct" set imu.accel 1
expect_status 1 "a sensor's value cannot be set"
run "$instinct" get imu.acel
expect_status 1 "an unknown value"
expect_line 'imu\.accel' "the nearest value is named"
passed "set and get, and what is refused"

run "$build/instinctd" --config "$desk" --duration 1s
expect_status 78 "a second daemon"
expect_line 'another daemon serves it' "it says why"
passed "a second daemon at the same sockets is refused"

run /usr/bin/python3 "$source/tests/system/rubbish.py" "ipc://$scratch/instinct/control"
[ "$status" -eq 77 ] || {
	expect_status 0 "rubbish on the control socket"
	passed "rubbish, 10 MB, unknown methods, 100 clients that vanish"
}

kill -USR1 "$pid"
run "$instinct" status
expect_status 0 "it still answers"
kill -TERM "$pid"
until_ended 0 "SIGTERM"
wait
out=$(cat "$scratch/rest")
expect_line 'waits for' "SIGUSR1 writes the tasks"
[ ! -e "$scratch/instinct/control" ] || fail "the control socket is left behind"
passed "SIGUSR1 writes the tasks, SIGTERM ends it and takes its sockets away"

echo '{ "bus": { "control": "ipc:///nowhere/at/all/control" } }' >"$scratch/nowhere.jsonc"
run "$build/instinctd" --config "$desk" --config "$scratch/nowhere.jsonc" --duration 1s
expect_status 78 "a socket that cannot be bound"
expect_line '/nowhere/at/all' "the place is named"
passed "a socket that cannot be bound is named"
