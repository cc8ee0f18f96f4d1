#!/usr/bin/env bash
# Values of values as a user writes them: combined distances, a vote, presence, the battery.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

cat >"$scratch/robot.jsonc" <<'J'
{
  "version": 1, "gpio": "sim",
  "buses": { "body": { "path": "sim" } },
  "sensors": {
    "left":  { "driver": "hcsr04", "line": "E1", "trigger": "T1" },
    "right": { "driver": "hcsr04", "line": "E2", "trigger": "T2" },
    "power": { "driver": "ina219", "bus": "body" },
    "head":  { "driver": "gpio_button", "line": "B1" },
    "t1": { "driver": "tmp102", "bus": "body", "address": "0x48" },
    "t2": { "driver": "lm75", "bus": "body", "address": "0x49" },
  },
  "fusion": {
    "battery": { "voltage": "power.voltage", "current": "power.current", "capacity": "2600mAh", "cells": 2 },
    "values": {
      "obstacle.front": { "of": ["left.distance", "right.distance"], "gate": ["2cm", "4m"], "combine": "min",
                          "filters": [ { "median": 3 } ] },
      "obstacle.near": { "of": "obstacle.front", "above": "5m", "below": "4m", "invert": true },
      "cliff.ahead": { "of": "left.distance", "above": "8cm", "below": "6cm" },
      "room.temperature": { "of": ["t1.temperature", "t2.temperature"], "combine": "vote", "tolerance": 1.5 },
      "somebody.there": { "of": "head.pressed", "filters": [ { "delayed_off": "5s" } ] },
      "half.full": { "is": "battery.percent > 50 and battery.time_left > 3600", "filters": [ { "delayed_on": "1s" } ] },
    },
  },
}
J
run "$build/instinctd" --check --config "$scratch/robot.jsonc"
expect_status 0 "--check"
run "$build/instinctd" --config "$scratch/robot.jsonc" --view --speed max --duration 8s
expect_status 0 "values of values"
expect_line 'sense  obstacle\.near is true' "distances, combined and compared"
expect_line 'sense  cliff\.ahead is true' "further down than the floor is"
expect_line '1\.[0-9]+  sense  half\.full is true' "the battery, a second later"
passed "distances become an obstacle, voltage and current a charge"

expect_line 'sense  health\.room\.temperature is running' "the vote"
expect_line '1\.5[0-9]  sense  somebody\.there is true' "a touch is somebody"
expect_line '6\.9[0-9]  sense  somebody\.there is false' "5 s after the touch"
passed "sensors vote, and a touch lasts"

refused()
{
	sed "$1" "$scratch/robot.jsonc" >"$scratch/wrong.jsonc"
	run "$build/instinctd" --check --config "$scratch/wrong.jsonc"
	expect_status 78 "$1"
	expect_line "$2" "$1"
}
refused 's/"voltage": "power.voltage"/"voltage": "power.volts"/' \
	'wrong.jsonc:13:[0-9]+: fusion.battery.voltage: .*did you mean "power.voltage"'
refused 's/"left.distance", "right/"left.distence", "right/' \
	'wrong.jsonc:15:[0-9]+: fusion.values.obstacle.front.of\[0\]: .*did you mean "left.distance"'
refused 's/"tolerance": 1.5/"tolerance": "5m"/' 'wrong.jsonc:19:[0-9]+: fusion.values.room.temperature.tolerance: '
passed "names that no sensor has and wrong units are refused, with place and hint"

# While it runs: the battery's limits are changed, and another voltage is not.
"$build/instinctd" --config "$scratch/robot.jsonc" 2>"$scratch/log" &
pid=$!
within answers '^false' "$build/instinct" get battery.low || fail "half full is low"
sed -i 's/"cells": 2/"cells": 2, "low": "90%"/' "$scratch/robot.jsonc"
run "$build/instinct" reload
expect_status 0 "another limit"
within answers '^true' "$build/instinct" get battery.low || fail "the new limit"
sed -i 's/"power.voltage"/"t1.temperature"/' "$scratch/robot.jsonc"
run "$build/instinct" reload
expect_status 1 "another voltage"
kill -TERM "$pid"
until_ended 0 "SIGTERM"
passed "the battery's limits are changed while it runs"
