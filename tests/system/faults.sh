#!/usr/bin/env bash
# Faults on demand: simulated chips and lines misbehave, their roles say so, the rest runs, and all is well again.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

start()
{
	: >"$log"
	"$build/instinctd" --config "$source/config/desk.jsonc" "$@" 2>>"$log" &
	pid=$!
	within value_is health.imu '^running$' || fail "the robot does not run: $(<"$log")"
}

stop()
{
	kill -TERM "$pid"
	until_ended 0 "SIGTERM"
}

start
fault_refused 'the configuration has no "dev"' imu nack
stop
passed "without dev.faults it is refused"

printf '{ "dev": { "faults": true } }\n' >"$scratch/dev.jsonc"
start --config "$scratch/dev.jsonc"
fault_refused 'no device "imv".*did you mean "imu"' imv nack
fault_refused 'no fault "nak" for it; there are nack, timeout, error, flip, freeze, delay.*"nack"' imu nak
fault_refused 'there are lose, stuck, gone' head nack
fault_refused 'count must be a whole number' imu nack some
fault_refused 'count must be a whole number' imu nack -1
fault_refused 'delay_s must be a number' imu delay 1 100
passed "what is wrong with a request is said, with the nearest name"

fault imu nack always
within value_is health.imu '^(failing|lost)$' || fail "nobody acknowledges: $(<"$log")"
within says 'imu: [a-z]+ -> [a-z]+: no answer at 0x68 \(ENXIO\)' || fail "it is not said"
within value_is health.pwm0 '^running$' || fail "the rest does not run"
fault imu nack 0
within value_is health.imu '^running$' || fail "it does not come back"
passed "nack: failing, and back"

fault imu timeout always
within says 'imu: [a-z]+ -> [a-z]+: no answer in time at 0x68 \(ETIMEDOUT\)' || fail "no time-out: $(<"$log")"
fault imu timeout 0
within value_is health.imu '^running$' || fail "it does not come back"
passed "timeout: failing, and back"

: >"$log"
fault imu delay always 3
within says 'imu: fault on demand: delay, until it is ended' || fail "it is not said: $(<"$log")"
within says 'imu: [a-z]+ -> [a-z]+: no answer in time at 0x68' || fail "no time-out: $(<"$log")"
fault imu delay 0
within value_is health.imu '^running$' || fail "it does not come back"
: >"$log"
fault imu flip always
within says 'imu: [a-z]+ -> (failing|lost)' || fail "bits flip, and it runs on: $(<"$log")"
fault imu flip 0
within value_is health.imu '^running$' || fail "it does not come back"
passed "delay and flip: failing, and back"

measures_again()
{
	[ "$("$build/instinct" get imu.accel)" != "$before" ]
}
before=$("$build/instinct" get imu.accel)
within measures_again || fail "it does not measure"
fault imu freeze always
within says 'imu: fault on demand: freeze' || fail "it is not said: $(<"$log")"
frozen() # for many times its period
{
	before=$("$build/instinct" get imu.accel)
	pause 0.2
	! measures_again
}
within frozen || fail "it measures on: $(<"$log")"
within says 'attitude: imu repeats itself' || fail "nobody is told that it is frozen: $(<"$log")"
within value_is attitude.degraded '^true$' || fail "the attitude is as good as ever"
fault imu freeze 0
within measures_again || fail "it stays frozen"
within says 'attitude: imu measures again' || fail "nobody is told that it is not: $(<"$log")"
within value_is health.imu '^running$' || fail "it does not come back"
passed "freeze: the same bytes again and again, until it is ended"

fault pwm0 error always
fault led gone always
within says 'led: [a-z]+ -> [a-z]+: line [A-Z0-9]+: its chip has gone' || fail "the light: $(<"$log")"
within value_is health.imu '^running$' || fail "the rest does not run"
fault pwm0 error 0
fault led gone 0
within value_is health.pwm0 '^running$' || fail "the servos do not come back"
within value_is health.led '^running$' || fail "the light does not come back"
passed "errors of actuators: the rest runs"

fault head gone always
within says 'head: [a-z]+ -> [a-z]+: line [A-Z0-9]+: its chip has gone' || fail "the chip's end: $(<"$log")"
fault head gone 0
within value_is health.head '^running$' || fail "the button does not come back"
passed "gone: a chip with lines is removed and comes back"

stop
passed "it stops"
