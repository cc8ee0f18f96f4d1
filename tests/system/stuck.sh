#!/usr/bin/env bash
# The loop is stuck: outputs are made safe without it, the kill line falls, and nothing drives them again by itself.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

view=$scratch/view
cat >"$scratch/robot.jsonc" <<'END'
{ "version": 1, "robot": { "name": "neck" }, "gpio": "sim", "buses": { "body": { "path": "sim" } },
  "dev": { "faults": true }, "safety": { "kill_line": "GPIO6" },
  "devices": { "pwm0": { "driver": "pca9685", "bus": "body" } },
  "actuators": { "pan":  { "on": "pwm0", "channel": 0, "start": "zero" },
                 "tilt": { "on": "pwm0", "channel": 1, "start": "zero", "safe": "hold" } } }
END

# seen REGEX : the last line about the actuators.
seen()
{
	grep -E ' act +' "$view" | tail -n 1 | grep -qE -- "$1"
}

# told REGEX : among the decisions, or in the log.
told()
{
	cat "$log" "$view" | grep -qE -- "$1"
}

"$build/instinctd" --config "$scratch/robot.jsonc" --view >"$view" 2>"$log" &
pid=$!
within seen 'pan \+0\.0 deg \(1[0-9]+ us\), tilt \+0\.0 deg \(1[0-9]+ us\)' || fail "no pulses: $(<"$view") $(<"$log")"

run "$build/instinct" fault loop stock 1 1
expect_status 1 "an unknown fault"
expect_line 'there are stuck.*"stuck"' "an unknown fault"
run "$build/instinct" fault loop stuck 1 1
expect_status 0 "stuck for a second"
within seen 'pan limp, tilt \+0\.0 deg' || fail "the outputs: $(<"$view")"
within told 'neck: the outputs were made safe without the loop; the kill line stays low' || fail "not said: $(<"$view") $(<"$log")"
passed "what is limp in danger is without drive, what holds goes on; the kill line is low"

within value_is health.pwm0 '^running$' || fail "the servos' chip does not run: $(<"$log")"
seen 'pan limp' || fail "driven again: $(<"$view")"
passed "the loop goes on; what was commanded before does not come back"

kill -TERM "$pid"
until_ended 0 "SIGTERM"
passed "it stops"
