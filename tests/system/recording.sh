#!/usr/bin/env bash
# A recorded trial through registers, driver and fusion: every record once, and a true error. Skips where
# the recordings are not there.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

trial=$source/../shared/data/broad/02_undisturbed_slow_rotation_B.f32
if [ ! -f "$trial" ]; then
	echo "skipped: the recorded trials are not there"
	exit 77
fi

run "$build/instinctd" --config "$source/config/desk.jsonc" --world "$trial" --speed max
expect_status 0 "trial 02"
expect_line '^samples +53240 of 53240 read, 53240 attitudes' "each record is read once"
error=$(awk '/^inclination/ {print $2}' <<<"$out")
awk -v e="$error" 'BEGIN {exit !(e > 0.1 && e < 0.6)}' || fail "inclination error $error deg"
passed "trial 02: inclination error $error deg"

expect_line '^orientation +6D, no magnetometer' "it says what the heading is worth"

# The same with a magnetometer beside it.
sed -e 's/"sensors": {/&\n    "mag": { "driver": "lis3mdl", "bus": "body" },/' \
	-e 's/"attitude": { "imu": "imu" }/"attitude": { "imu": "imu", "mag": "mag" }/' \
	"$source/config/desk.jsonc" >"$scratch/mag.jsonc"
run "$build/instinctd" --config "$scratch/mag.jsonc" --world "$trial" --speed max
expect_status 0 "trial 02 with a magnetometer"
expect_line '^orientation +9D' "the heading is that of the field"
error=$(awk '/^total/ {print $2}' <<<"$out")
awk -v e="$error" 'BEGIN {exit !(e > 0.5 && e < 1.6)}' || fail "total error $error deg"
passed "trial 02 with a magnetometer: total error $error deg"

sed -e 's/"mpu6050": { "rate"/"mpu6050": { "fifo": 16, "rate"/' "$source/config/desk.jsonc" >"$scratch/fifo.jsonc"
run "$build/instinctd" --config "$scratch/fifo.jsonc" --world "$trial" --speed max
expect_status 1 "a FIFO"
expect_line 'set sensors\.imu\.mpu6050\.fifo to 0' "it says what to do"
passed "a FIFO, which does not wait for the recording, is refused"

head -c 2000000 "$trial" >"$scratch/short.f32"
run "$build/instinctd" --config "$source/config/desk.jsonc" --world "$scratch/short.f32" --speed max
expect_status 1 "a truncated recording"
expect_line 'short.f32: truncated' "it says what is wrong"
passed "a truncated recording is refused"
