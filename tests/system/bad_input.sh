#!/usr/bin/env bash
# What a user gets wrong, and what hardware, scripts and files do wrong: a clear line, and the rest runs.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

desk=$source/config/desk.jsonc

run "$build/instinctd" --config "$scratch/none.jsonc"
expect_status 78 "no configuration"
expect_line "none.jsonc: .*No such file" "the missing file is named"
passed "a missing configuration: exit 78"

printf '{ "version": 1,\n  "robot" { "name": "x" } }\n' >"$scratch/syntax.jsonc"
run "$build/instinctd" --config "$scratch/syntax.jsonc"
expect_status 78 "not JSON"
expect_line "syntax.jsonc:2:[0-9]+: " "the place of the syntax error"
passed "not JSON: exit 78 with file:line:col"

sed 's/"times": 2/"tims": 2/; s/"driver": "mpu6050"/"driver": "mpu6051"/; s/"rate": "240deg\/s"/"rate": "240m"/' \
	"$desk" >"$scratch/keys.jsonc"
run "$build/instinctd" --config "$scratch/keys.jsonc"
expect_status 78 "wrong keys"
expect_line 'keys.jsonc:[0-9]+:[0-9]+: sensors.imu.driver: .*mpu6050' "the unknown driver, and the nearest"
expect_line 'keys.jsonc:[0-9]+:[0-9]+: actuators.pan.rate: ' "the wrong unit"
expect_line 'keys.jsonc:[0-9]+:[0-9]+: actuators.tilt.rate: ' "all errors in one run"
passed "every error in one run, with its place"

sed 's/"on": "pwm0", "channel": 1/"on": "pwmO", "channel": 1/' \
	"$desk" >"$scratch/refs.jsonc"
run "$build/instinctd" --check --config "$scratch/refs.jsonc"
expect_status 78 "a wrong reference"
expect_line 'actuators.tilt.on: .*pwm0' "the nearest device"
passed "a reference to nothing names the nearest"

run "$build/instinctd" --check --config "$desk"
expect_status 0 "--check of a good configuration"
passed "--check"

# A script with a syntax error, one that loops for ever; the third one runs.
mkdir "$scratch/scripts"
printf 'return behaviour {\n  run = function(\n}\n' >"$scratch/scripts/broken.lua"
cat >"$scratch/scripts/endless.lua" <<'J'
return behaviour {
  when = "head.touched",
  run = function()
    while true do end
  end,
}
J
sed "s#\"dizzy\": {#\"broken\": { \"script\": \"$scratch/scripts/broken.lua\" }, \"endless\": { \"script\": \"$scratch/scripts/endless.lua\" }, \"dizzy\": {#" \
	"$desk" >"$scratch/scripts.jsonc"
run "$build/instinctd" --config "$scratch/scripts.jsonc" --view --speed max --duration 4s
expect_status 0 "bad scripts"
expect_line 'broken.lua:[0-9]+' "the syntax error has its place"
expect_line 'endless.lua:4' "the endless loop has its place"
expect_line 'nod starts' "the others run"
passed "a broken script and an endless one are named with file:line, the others run"

# A calibration that does not fit its chip: that role goes without, and says so.
mkdir -p "$scratch/state"
printf '{\n "mpu6050@body:0x68": { "gyro": { "offset": [0.01, 0.02] } }\n}\n' >"$scratch/state/calibration.json"
STATE_DIRECTORY=$scratch/state run "$build/instinctd" --config "$desk" --no-bus --speed max --duration 1s
expect_status 0 "a calibration of the wrong size"
expect_line 'calibration.json:2:[0-9]+: mpu6050@body:0x68.gyro.offset: not 3 numbers, one for each axis; imu runs uncalibrated' \
	"the place of the wrong calibration"
expect_line 'imu: starting -> running' "it runs"
passed "a calibration of the wrong size: its place, and the role runs uncalibrated"

# Other services, as a sensor and as an actuator, which this daemon cannot reach yet.
sed 's|"sensors": {|& "far": { "driver": "bus", "peer": "lidar", "topic": "range.front", "message": { "channels": ["distance"] } },|
	s|"actuators": {|& "voice": { "driver": "bus", "peer": "speech", "method": "say" },|' "$desk" >"$scratch/services.jsonc"
[ "$(grep -c '"driver": "bus"' "$scratch/services.jsonc")" -eq 2 ] || fail "the desk robot has another form"
run "$build/instinctd" --config "$scratch/services.jsonc" --no-bus --speed max --duration 1s
expect_status 0 "services that are not reached"
expect_line 'far: starting -> failing: no connection to the service lidar: this daemon makes none yet, retry 1' "the sensor"
expect_line 'voice: starting -> failing: no connection to the service speech: this daemon makes none yet, retry 1' "the actuator"
expect_line 'imu: starting -> running' "the rest runs"
passed "services that cannot be reached: each says so, the rest runs"

head -c 5000 /dev/urandom >"$scratch/noise.f32"
run "$build/instinctd" --config "$desk" --world "$scratch/noise.f32" --speed max
expect_status 1 "noise instead of a recording"
expect_line 'noise.f32: ' "the recording is named"
passed "a damaged recording: exit 1 with its name"

run "$build/instinctd" --duration soon
expect_status 2 "a wrong option"
expect_line '--duration soon' "the option is named"
passed "a wrong command line: exit 2"
