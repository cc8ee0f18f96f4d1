#!/usr/bin/env bash
# A gyroscope's offset is found, kept and used: at once, and by the next daemon; another chip does not get it (K7).
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

instinct=$build/instinct

# The robot is lifted and shaken now and then: then it is refused, and tried again; so on a machine that stands still.
calibrated()
{
	run "$instinct" drivers calibrate imu --json
	[ "$status" -eq 0 ] || expect_line 'the robot moved|only [0-9]+ measurements' "refused for what reason"
	[ "$status" -eq 0 ]
}

# turns OPERATOR DEG_S : the median of its rate, of measurements at rest, is so; the greatest of three axes. One watch,
# as on a slow machine the robot is not at rest for as long as many commands take.
turns()
{
	timeout "$patience" /usr/bin/python3 -c '
import json, statistics, sys
rows, still = [], False
for line in sys.stdin:
    said = json.loads(line)
    if said["name"] == "motion.still":
        still = said["v"] is True
    elif said["name"] == "imu.gyro" and still:
        rows.append(said["v"])
    if len(rows) == 60:
        break
most = max(abs(statistics.median(axis)) for axis in zip(*rows)) * 57.29578
print(f"{most:.3f} deg/s", file=sys.stderr)
sys.exit(0 if eval(f"{most} {sys.argv[1]} {sys.argv[2]}") else 1)' "$1" "$2" 2>"$scratch/turns" \
		< <(exec "$instinct" watch --json imu.gyro motion.still 2>/dev/null)
}

start()
{
	"$build/instinctd" --config "$source/config/desk.jsonc" 2>>"$log" &
	pid=$!
	within value_is health.imu '^running$' || fail "the robot does not run: $(<"$log")"
}

stop()
{
	kill -TERM "$pid"
	until_ended 0 "SIGTERM"
}

start
run "$instinct" drivers calibrate imv
expect_status 1 "an unknown role"
expect_line 'no sensor "imv".*"imu"' "an unknown role"
run "$instinct" drivers calibrate head
expect_status 1 "a button"
expect_line 'head has no gyroscope' "a button"
passed "what has no gyroscope is refused, with the nearest name"

run "$instinct" drivers calibrate imu mak
expect_status 1 "an unknown channel"
expect_line 'did you mean "mag"' "an unknown channel"
run "$instinct" drivers calibrate imu mag
expect_status 1 "a magnetometer that an MPU-6050 has not got"
expect_line 'imu has no magnetometer' "no magnetometer"
# It stands on its base, whoever shakes it meanwhile.
run "$instinct" drivers calibrate imu accel 5
expect_status 1 "a robot that nobody turns"
expect_line 'six sides' "what to do"
expect_line 'accel: +[0-9]+ % of all directions' "how far it is"
expect_line '% of all directions after 5 s, which is too little: missing \+x -x.*nothing was kept; put it on each' "why not"
[ ! -e "$STATE_DIRECTORY/calibration.json" ] || fail "something was kept"
passed "accel, mag: too few directions are refused, with those that are missing"

within turns '>' 0.3 || fail "the simulated gyroscope has no offset: $(<"$scratch/turns")"
within calibrated || fail "it is never still: $out"
expect_line 'gyro_offset' "the answer"
grep -q gyro "$STATE_DIRECTORY"/* || fail "nothing is kept"
within turns '<' 0.15 || fail "it is not used: $(<"$scratch/turns")"
passed "found, kept, and used at once: $(<"$scratch/turns")"

stop
start
within turns '<' 0.15 || fail "the next daemon does not use it: $(<"$scratch/turns")"
passed "used from the start"

run "$instinct" drivers swap imu icm20948 address=0x69
expect_status 0 "a swap"
within turns '>' 0.3 || fail "another chip got it: $(<"$scratch/turns")"
passed "K7: not used for another chip"
stop
