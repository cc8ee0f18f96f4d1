#!/usr/bin/env bash
# Other sensors and other settings while the daemon runs: by command, by reload, by signal; what is refused; and a
# behaviour that waits all the while.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

instinct=$build/instinct
conf=$scratch/robot.jsonc

# The desk robot, which has a second motion sensor on its bus, with a thermometer and a second one of these.
sed -e 's|"spares": {|"spares": { "humid": { "driver": "sht31", "bus": "body" },|' \
	-e 's|"fusion": {|"fusion": { "values": { "room.hot": { "is": "room.temperature > 60" } },|' \
	-e 's|"sensors": {|"sensors": { "room": { "driver": "tmp102", "bus": "body" },|' \
	"$source/config/desk.jsonc" >"$conf"
[ "$(grep -cE '"humid"|"room": \{|"room.hot"' "$conf")" -eq 3 ] || fail "the desk robot has another form"

# Who plays the service manager.
/usr/bin/python3 - "$scratch/notify" <<'P' >>"$scratch/notified" &
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
while True:
    print(s.recv(4096).decode(), flush=True)
P
manager=$!
within test -S "$scratch/notify" || fail "no socket of the service manager"

mkfifo "$scratch/out"
NOTIFY_SOCKET=$scratch/notify "$build/instinctd" --config "$conf" --view >"$scratch/out" 2>"$scratch/log" </dev/null &
pid=$!
exec 3<"$scratch/out"

until_said "health.imu is running"

within answers '^imu +mpu6050 +body 0x68 +running .* imu\.accel imu\.gyro' "$instinct" drivers ||
	fail "a sensor with its place, state and values"
expect_line '^pwm0 +pca9685 +body 0x40' "a chip of actuators"
run "$instinct" drivers probe
expect_line '^body 0x69 +icm20948$' "a chip that nobody uses"
expect_line '^body 0x68 +mpu6050 +configured: imu$' "one that is in use"
run "$instinct" drivers probe bod
expect_status 1 "an unknown bus"
expect_line 'did you mean "body"' "the nearest bus"
passed "drivers list and probe"

run "$instinct" drivers swap imu icm20948 address=0x69
expect_status 0 "another motion sensor"
expect_line '^sensors.imu.driver: "mpu6050" -> "icm20948"' "it says what changed"
run "$instinct" drivers swap room sht31
expect_status 0 "another thermometer, in one word"
within answers '^room\.hot +ok' "$instinct" values 'room.*' || fail "what follows from it does not go on"
expect_line '^room\.humidity' "it measures more"
within answers '^imu +icm20948 +body 0x69 +running .* imu\.mag' "$instinct" drivers || fail "the new one does not run"
until_said "dizzy starts"
passed "chips are swapped by command, and the behaviour that waited for motion still reacts"

# refuses COMMAND... -- REGEX: nothing changes, and it says why.
refuses()
{
	local before args=()
	before=$("$instinct" config --json)
	while [ "$1" != -- ]; do args+=("$1") && shift; done
	run "$instinct" "${args[@]}"
	expect_status 1 "${args[*]}"
	expect_line "$2" "${args[*]}: the reason"
	[ "$("$instinct" config --json)" = "$before" ] || fail "${args[*]}: the configuration changed"
}
refuses drivers swap imu mpu6050 -- '0x69 is ICM-20948: WHO_AM_I'
refuses drivers swap imu mpu6050 address=0x68 irq=GPIO22 -- 'head\.line: the line GPIO22 is taken by sensors.imu'
refuses drivers swap room tmp102 address=0x4b -- 'no answer at 0x4b on bus body'
refuses drivers swap room tmp102 address=0x69 -- 'room\.address: tmp102 is never at 0x69'
refuses drivers swap room sht31 bus=bdy -- 'unknown bus "bdy".*did you mean "body"'
refuses drivers swap imu sht31 address=0x45 -- 'fusion\.attitude\.imu: sht31 does not measure acceleration'
refuses drivers swap room icm20948 address=0x69 -- 'address 0x69 on bus body is taken by'
refuses drivers swap room gpio_button line=GPIO5 -- 'room\.hot\.is: .*unknown value .room\.temperature'
refuses drivers swap rom sht31 -- 'did you mean "room"'
refuses drivers swap room sht3 -- 'did you mean "sht31"'
within answers '^imu +icm20948 .* running' "$instinct" drivers || fail "the motion sensor does not go on"
within answers '^room +sht31 .* running' "$instinct" drivers || fail "the thermometer does not go on"
passed "a wrong chip, place, bus, line or channel is refused, and the old one goes on"

# Two at a time wait for each other, and neither undoes the other.
"$instinct" drivers swap imu icm20948 icm20948.rate=100Hz >/dev/null &
one=$!
"$instinct" drivers swap room sht31 sht31.rate=2Hz >/dev/null &
two=$!
wait "$one" || fail "the one: status $?"
wait "$two" || fail "the other: status $?"
run "$instinct" config --json
expect_line '"icm20948":\{"rate":"100Hz"\}' "the one"
expect_line '"sht31":\{"rate":"2Hz"\}' "the other"
run "$instinct" drivers swap imu icm20948 icm20948.rate=null
expect_status 1 "a setting that is no rate"
passed "two swaps at a time do not interleave"

# What only another chip needs does no harm: it is said, and its line is free.
run "$instinct" drivers swap room sht31 irq=GPIO22
expect_status 0 "a line that the chip has no use for, and that another sensor has"
expect_line 'warning: sensors\.room\.irq: not used: sht31 has no data-ready output' "it is said"
run "$instinct" drivers swap room sht31 irq=
expect_status 0 "it is taken out"
! grep -q 'not used' <<<"$out" || fail "there is nothing left to say: $out"
passed "K2: keys that only another chip needs are no error"

# A chip that answers, but never says that data are ready.
refuses drivers swap imu icm20948 irq=GPIO3 -- 'icm20948 does not measure: .*back to what it was'
within answers '^imu +icm20948 .* running' "$instinct" drivers || fail "it does not run again"
passed "a chip that does not come up is taken back"

# The same by editing the file: what the commands did is written down, so nothing is left to do.
sed -i -e 's|"driver": "mpu6050", "bus": "body"|"driver": "icm20948", "icm20948": { "rate": "100Hz" }, "bus": "body", "address": "0x69"|' \
	-e 's|"driver": "tmp102"|"driver": "sht31", "irq": "", "sht31": { "rate": "2Hz" }|' "$conf"
run "$instinct" plan
expect_line '^nothing changes$' "what runs is what is written"
run "$instinct" plan --json
expect_line '^\{"applied":false,"restart":false,"changes":\[\],"warnings":\[\]\}$' "the same for programs"
sed -i 's|"attitude": {|"motion": { "tilted": { "angle": "20deg" } },\n    "attitude": { "vqf": { "tau_acc": "2s" },|' "$conf"
sed -i 's|"times": 2|"times": 3|; s|"depth_rad": 0.35|"depth_rad": "10deg"|' "$conf"
run "$instinct" plan
expect_line '^behaviours.nod.params.times: 2 -> 3 \(set at once\)' "a parameter of a behaviour"
expect_line 'fusion.attitude.vqf.tau_acc: - -> "2s" \(applied at once\)' "a parameter of fusion"
expect_line 'fusion.motion.tilted.angle' "and another"
run "$instinct" reload
expect_status 0 "reload"
run "$instinct" plan
expect_line '^nothing changes$' "it is applied"
run "$instinct" get param.nod.times
expect_line '^3$' "the behaviour has its parameter"
run "$instinct" get param.nod.depth_rad
expect_line '^0\.1745' "with a unit"
passed "parameters of fusion and of behaviours change while it runs"

sed -i 's|"stale_after": "200ms"|"stale_after": "300ms", "mount": "x=left y=back z=up", "filters": [ { "median": 3 } ]|; s|"irq": ""|"irq": "GPIO9"|' "$conf"
: >"$scratch/notified"
kill -HUP "$pid"
within answers '^nothing changes$' "$instinct" plan || fail "a signal does not reload"
within grep -q 'READY=1' "$scratch/notified" || fail "the service manager is not told that it is done"
out=$(cat "$scratch/notified")
expect_line '^RELOADING=1$' "the service manager is told that it begins"
expect_line '^MONOTONIC_USEC=[0-9]+$' "and when"
expect_line '^READY=1$' "and that it is done"
until_said 'warning: sensors.room.irq: not used'
if /usr/bin/python3 -c 'import zmq' 2>/dev/null; then
	run timeout "$patience" /usr/bin/python3 -c '
import sys, zmq
s = zmq.Context().socket(zmq.REQ)
s.connect("ipc://" + sys.argv[1])
s.send_json({"jsonrpc": "2.0", "id": 1, "method": "config.check"})
said = s.recv_json()["result"]
print(said["good"], *said["warnings"])' "$INSTINCT_SOCKET/control"
	expect_line '^True .*: warning: sensors\.room\.irq: not used' "a warning by request"
fi
passed "SIGHUP reloads and tells the service manager"

good=$(cat "$conf")
# bad SED -- REGEX...: the file as changed is refused whole, with all that is wrong.
bad()
{
	sed "$1" <<<"$good" >"$conf"
	[ "$(cat "$conf")" != "$good" ] || fail "no change by $1"
	shift
	refuses reload -- "$1"
	for line in "$@"; do expect_line "$line" "reload"; done
	printf '%s\n' "$good" >"$conf"
}
bad '1i }' 'robot\.jsonc:1:1: '
bad 's|"rate": "200Hz"|"rat": "200Hz"|; s|"pan": "pan"|"pan": "pin"|' \
	'robot\.jsonc:[0-9]+:[0-9]+: sensors\.imu\.mpu6050\.rat: .*did you mean "rate"' \
	'robot\.jsonc:[0-9]+:[0-9]+: resources\.neck\.pan: unknown actuator "pin"' 'has 2 errors; the old one goes on'
bad 's|"nod.lua"|"nodd.lua"|' 'behaviours\.nod\.script: no script "nodd\.lua"'
bad 's|"room": { "driver": "sht31",|& "address": "0x45",|' 'no sht31 there: no answer at 0x45'
bad 's|"times": 3|"times": 30|' 'behaviours\.nod\.params\.times: .*out of range'
bad 's|"name": "desk"|"name": "shelf"|; s|"tau_acc": "2s"|"tau_acc": "3s"|' \
	'not while it runs: robot\.name; .*restart the daemon'
bad 's|"icm20948": { "rate": "100Hz" }, "bus": "body", "address": "0x69"|"bus": "body", "address": "0x40"|' \
	'sensors\.imu\.address: icm20948 is never at 0x40'
run "$instinct" plan
expect_line '^nothing changes$' "the good file is what runs"
passed "a bad reload is refused whole, with every place, and the old one goes on"

until_said "dizzy starts"
kill -TERM "$pid"
until_silent
until_ended 0 "SIGTERM"
passed "the behaviours have gone on all the time"

kill "$manager"
wait "$manager" 2>/dev/null || true
