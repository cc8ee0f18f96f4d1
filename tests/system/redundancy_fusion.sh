#!/usr/bin/env bash
# Two motion sensors, two magnetometers and three barometers: one fails, is frozen, or is wrong. That is an event of health; the
# attitude and the height go on. (That they do not jump: tests/unit/fusion_imus.c, fusion_baros.c.)
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

conf=$scratch/robot.jsonc
cat >"$conf" <<'J'
{
  "version": 1, "gpio": "sim", "dev": { "faults": true },
  "buses": { "left": { "path": "sim" }, "right": { "path": "sim" } },
  "sensors": {
    "imu": { "driver": "mpu6050", "bus": "left" },
    "imu2": { "driver": "icm20948", "bus": "right", "address": "0x69" },
    "compass": { "driver": "lis3mdl", "bus": "left" },
    "baro": { "driver": "bmp280", "bus": "left" },
    "baro2": { "driver": "bme280", "bus": "right", "address": "0x77" },
    "baro3": { "driver": "bmp280", "bus": "right", "filters": [ { "offset": 0, "channel": "pressure" } ] },
  },
  "fusion": {
    "attitude": { "imu": ["imu", "imu2"], "mag": ["compass", "imu2"] },
    "altitude": { "pressure": ["baro", "baro2", "baro3"], "imu": "imu" },
  },
}
J

# refused SED REGEX WHAT: with that change the configuration is wrong.
refused()
{
	sed "$1" "$conf" >"$scratch/wrong.jsonc"
	run "$build/instinctd" --check --config "$scratch/wrong.jsonc"
	[ "$status" -ne 0 ] || fail "$3: it is taken"
	expect_line "$2" "$3"
}

refused 's/\["imu", "imu2"\]/["imu", "imu"]/' 'fusion\.attitude\.imu\[1\]: imu is in the list already' "a sensor twice"
refused 's/\["imu", "imu2"\]/["imu", "imo"]/' 'fusion\.attitude\.imu\[1\]: .*"imo".*did you mean "imu' "no such sensor"
refused 's/\["imu", "imu2"\]/["imu", "baro"]/' 'fusion\.attitude\.imu\[1\]: bmp280 does not measure acceleration and rate' "no motion sensor"
refused 's/\["imu", "imu2"\]/["a", "b", "c", "d", "e"]/' 'fusion\.attitude\.imu\[4\]: too many; at most 4' "too many"
refused 's/\["imu", "imu2"\]/["imu", 7]/' 'fusion\.attitude\.imu\[1\]: ' "no text"
refused 's/"imu": "imu" }/"imu": "compass" }/' 'fusion\.altitude\.imu: not the sensor of fusion\.attitude\.imu' "not the attitude's"
passed "lists of sensors are checked"

"$build/instinctd" --config "$conf" 2>"$log" &
pid=$!
within value_is health.attitude '^running$' || fail "the attitude: $(<"$log")"
# leads ONE OTHER ROLE : ONE is used and OTHER, which is of ROLE, stands by. On a machine that stood still for a moment it may
# be the other way about: who is used stays so.
leads()
{
	within value_is attitude.sources "\\b$1=(used|spare)" || fail "$1 does not measure: $(<"$log")"
	if ! value_is attitude.sources "\\b$1=used"; then
		fault "$3" nack always
		within value_is attitude.sources "\\b$1=used" || fail "$1 does not take over: $(<"$log")"
		fault "$3" nack 0
	fi
	within value_is attitude.sources "\\b$1=used.*\\b$2=spare" ||
		fail "who is used: $("$build/instinct" get attitude.sources)"
	: >"$log"
}

leads imu imu2 imu2
leads compass.mag imu2.mag imu2
within value_is health.altitude '^running$' || fail "the altitude: $(<"$log")"
passed "one motion sensor is used, the other stands by; barometers vote"

run "$build/instinct" fault imu nack always
expect_status 0 "a fault on demand"
within says 'attitude: imu2 is used from now on' || fail "nobody takes over: $(<"$log")"
within says 'attitude: goes on without imu, which says nothing' || fail "the log: $(<"$log")"
within value_is health.attitude '^degraded$' || fail "the health: $("$build/instinct" values 'health.*')"
within value_is attitude.sources 'imu=silent +imu2=used' || fail "who: $("$build/instinct" get attitude.sources)"
within value_is attitude.degraded '^false$' || fail "the estimate is as good as before"
within answers '^attitude\.yaw +ok' "$build/instinct" values attitude.yaw || fail "it does not go on"
run "$build/instinct" fault imu nack 0
within says 'attitude: imu stands by again' || fail "it does not come back: $(<"$log")"
within value_is health.attitude '^running$' || fail "the health: $("$build/instinct" values 'health.*')"
passed "losing the motion sensor is an event of health, and the other one takes over"

leads compass.mag imu2.mag imu2
run "$build/instinct" fault compass nack always
within says 'attitude: imu2.mag is used from now on' || fail "the magnetometer: $(<"$log")"
run "$build/instinct" fault compass nack 0
within says 'attitude: compass.mag stands by again' || fail "the magnetometer comes back: $(<"$log")"
passed "so it is with the magnetometer"

# The same raw bytes for ever: a chip that rests has noise.
run "$build/instinct" fault baro freeze always
within says 'altitude: goes on without baro, which repeats itself' || fail "frozen: $(<"$log")"
within value_is altitude.sources 'baro=frozen +baro2=used +baro3=used' || fail "who: $("$build/instinct" values 'altitude.*')"
within value_is health.altitude '^degraded$' || fail "the health: $("$build/instinct" values 'health.*')"
within value_is altitude.degraded '^false$' || fail "the height is known from two others"
run "$build/instinct" fault baro freeze 0
within says 'altitude: baro is used again' || fail "it thaws: $(<"$log")"
within value_is health.altitude '^running$' || fail "the health: $("$build/instinct" values 'health.*')"
passed "a frozen barometer is left out, and told from one that rests"

# 300 Pa are 25 m.
sed -i 's/"offset": 0/"offset": 300/' "$conf"
run "$build/instinct" reload
expect_status 0 "another offset"
within says 'altitude: goes on without baro3, which is off by 2[3-7](\.[0-9]+)? m' || fail "the log: $(<"$log")"
within value_is altitude.sources 'baro3=left out|"baro3": *"left out"' || fail "who: $("$build/instinct" values 'altitude.*')"
passed "a falseticker is left out, with how far it is off"

# Nothing is left that can be believed: that is said, and the height is not known.
run "$build/instinct" fault baro freeze always
run "$build/instinct" fault baro2 freeze always
run "$build/instinct" fault baro3 nack always
within value_is altitude.degraded '^true$' || fail "degraded: $("$build/instinct" values 'altitude.*')"
within value_is health.altitude '^lost$' || fail "lost: $("$build/instinct" values 'health.*')"
within answers '^altitude\.height +stale' "$build/instinct" values altitude.height || fail "the height: $("$build/instinct" values 'altitude.*')"
for baro in baro baro2; do
	run "$build/instinct" fault "$baro" freeze 0
done
within value_is altitude.degraded '^false$' || fail "it does not recover: $("$build/instinct" values 'altitude.*')"
within answers '^altitude\.height +ok' "$build/instinct" values altitude.height || fail "the height is not known again"
passed "when all are frozen or silent the height is degraded, then unknown, and recovers"

kill -TERM "$pid"
until_ended 0 "SIGTERM"
passed "it stops"
