#!/usr/bin/env bash
# A chip of our own driver becomes one that the kernel drives, while the robot runs; it goes away and comes back.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

cat >"$scratch/more.jsonc" <<'J'
{
  "sensors": {
    "imu": {
      "device": "lsm6dso", // what is not in use stays legal
      "iio": { "channels": ["accel", "gyro"], "rate": "100Hz", "buffer": true },
    },
    "air": { "driver": "iio", "device": "bme280", "iio": { "channels": ["temperature", "humidity"], "rate": "20Hz" } },
  },
  "actuators": { "voice": { "driver": "bus", "peer": "speech", "method": "say", "valid_for": "5s" } },
  "dev": { "faults": true },
}
J
"$build/instinctd" --config "$source/config/desk.jsonc" --config "$scratch/more.jsonc" 2>"$log" &
pid=$!
within value_is health.imu '^running$' || fail "the robot does not run: $(<"$log")"
within value_is health.air '^running$' || fail "attributes: $(<"$log")"
within value_is air.humidity '^0\.[0-9]+' || fail "no humidity"
within value_is health.voice '^(failing|lost)$' || fail "a service without a connection"
within says 'voice: [a-z]+ -> [a-z]+: no connection to the service speech: this daemon makes none yet' ||
	fail "the missing connection is not said"
passed "a device of the kernel beside our chips; a service that cannot be reached says so, the rest runs"

run "$build/instinct" drivers swap imu iio
expect_status 0 "swap, in one word"
expect_line 'warning: sensors\.imu\.irq: not used: iio has no data-ready output' "what it has no use for is said"
within value_is health.imu '^running$' || fail "after the swap: $(<"$log")"
within value_is imu.accel '^-?[0-9.]+ ' || fail "no acceleration"
within answers '^imu +iio +lsm6dso +running' "$build/instinct" drivers list ||
	fail "a device of the kernel in the list"
expect_line '^voice +bus +speech +(failing|lost)' "a service in the list"
run "$build/instinct" drivers list --json
expect_line '"role": *"imu".*"driver": *"iio".*"device": *"lsm6dso"' "the list"
passed "mpu6050 is swapped for a device of the kernel while the robot runs"

run "$build/instinct" fault imu nack
expect_status 1 "a fault that it cannot have"
expect_line 'no fault "nack" for it; there are error, freeze, gone' "what there is"
run "$build/instinct" fault imu gone always
expect_status 0 "it is taken away"
within value_is health.imu '^(failing|lost)$' || fail "it has gone: $(<"$log")"
within says 'imu: [a-z]+ -> (failing|lost): lsm6dso \(simulated\) has gone' || fail "it is not said: $(<"$log")"
within value_is health.air '^running$' || fail "the other one does not run"
run "$build/instinct" fault imu gone 0
expect_status 0 "it is back"
within value_is health.imu '^running$' || fail "it is back: $(<"$log")"
passed "taken away and brought back"

kill -TERM "$pid"
until_ended 0 "SIGTERM"
