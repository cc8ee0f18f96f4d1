#!/usr/bin/env bash
# Real device nodes: a motion sensor's registers on two kinds of bus, edges of a line, a line and a servo
# chip that are driven; all with config/robot.jsonc.
# shellcheck source=tests/hil/lib.sh
. "$(dirname "$0")/lib.sh"

# Beside the robot's own motion sensor one on a bus that knows only SMBus, both read on a schedule; a button that
# bounces for long; and three long nods.
cat >"$scratch/more.jsonc" <<'J'
{
  "buses": { "small": { "path": "/dev/i2c-0" } },
  "sensors": {
    "imu": { "irq": "" },
    "head": { "debounce": "1s" },
    "imu2": { "driver": "mpu6050", "bus": "small", "mpu6050": { "rate": "50Hz", "accel_range": "8g" } },
  },
  "behaviours": { "nod": { "params": { "times": 3, "seconds": 3 } } },
}
J
robot=(--config "$source/config/robot.jsonc" --config "$scratch/more.jsonc")

make_board
i2cset -y 0 0x68 0x75 0x68
i2cset -y 0 0x68 0x3a 0x01 0 0 0 0 0xf0 0 0 0 0 0 0 0 0 0 i # z down

start_daemon "${robot[@]}"
expect_log '^.*imu: [a-z]+ -> running: mpu6050 at 0x68' "the sensor is found"
expect_value imu.accel '^-?0 +-?0 +9\.80[67]' "1 g upwards"
hil-i2c set 0x68 0x3b 0x08 0
expect_value imu.accel '^4\.90[0-9]* +-?0 +9\.80[67]' "half a g forwards, too"
[ "$(hil-i2c get 0x68 0x6b)" = 0x01 ] || fail "the chip is clocked by its gyroscope"
[ "$(hil-i2c get 0x68 0x1c)" = 0x10 ] || fail "the chip measures up to 8 g"
passed "an MPU-6050 on a bus with I2C transfers: read, and set up"

expect_log '^.*imu2: [a-z]+ -> running: mpu6050 at 0x68' "the second sensor is found"
expect_value imu2.accel '^-?0 +-?0 +-9\.80[67]' "1 g downwards"
[ "$(i2cget -y 0 0x68 0x6b)" = 0x01 ] || fail "the second chip is clocked by its gyroscope"
passed "an MPU-6050 on a bus with nothing but SMBus: read, and set up"

expect_value attitude.roll '^-?0' "an attitude follows from it"
passed "an attitude from it"

# The safe state looks like what the set-up left there.
expect_log 'pwm0: [a-z]+ -> running: pca9685 at 0x40' "the servo chip is found"
[ "$(hil-i2c get 0x40 0xfe)" = 0x79 ] || fail "the prescaler for 50 Hz"
hil-i2c set 0x40 0xfd 0x00

led=$(level_file 18)
expect_value health.head '^running$' "the button's line is open"
grep -q '"GPIO22" *"head"' <<<"$(gpioinfo "$(hil-gpio chip board)")" || fail "gpioinfo shows who uses the line"
file_is "$led" 0 || fail "the light is off at first"
expect_value head.touched '^false$' "the button is released"
hil-gpio set board GPIO22 0
expect_value head.touched '^true$' "the button is pressed"
passed "an edge of a line: the button is pressed"

within file_is "$led" 1 || fail "the light does not go on"
[ "$(hil-gpio get board GPIO18)" = 1 ] || within file_is "$led" 1 || fail "hil-gpio sees no light"
passed "the light's line is driven"

# Straight ahead, 1.5 ms, are 307 of the 4096 counts; 0.35 rad down 1.9 ms and 389 counts.
nodding()
{
	local bytes
	read -ra bytes <<<"$(hil-i2c get 0x40 0x0a 4)"
	((bytes[2] + 256 * bytes[3] > 350 && bytes[2] + 256 * bytes[3] < 400))
}
within nodding || fail "the head does not nod: $(hil-i2c get 0x40 0x0a 4)"
within registers_are 0x40 0x0a "0x00 0x00 0x33 0x01" ||
	fail "the head does not come back: $(hil-i2c get 0x40 0x0a 4)"
within file_is "$led" 0 || fail "the light does not go off"
passed "the servo chip gets the pulses of a nod"

# Short ones are noise: the level is back before a second is over, also on a slow machine. Then one that lasts.
pull=${led%value}
pull=${pull/sim_gpio18/sim_gpio22}pull
before=$("$build/instinct" get head.touched --json | sed 's/.*"age_s":\([0-9]*\).*/\1/')
for ((i = 0; i < 20; i++)); do
	printf pull-up >"$pull"
	printf pull-down >"$pull"
done
expect_value head.touched '^true$' "after the bounce"
after=$("$build/instinct" get head.touched --json | sed 's/.*"age_s":\([0-9]*\).*/\1/')
[ "$after" -ge "$before" ] || fail "bounces count as presses: $before s, then $after s"
hil-gpio set board GPIO22 1
expect_value head.touched '^false$' "released"
passed "bounces do not count"

# Stopped while the light is on and the head is moving.
note_levels
hil-gpio set board GPIO22 0
within file_is "$led" 1 || fail "the light does not go on again"
stop_daemon
expect_status 0 "SIGTERM"
[ "$took" -le 15 ] || fail "SIGTERM took $took s"
[[ $(levels_set 18) =~ (^|\ )1(\ 0)+$ ]] || fail "the light is left on: $(levels_set 18)"
[ "$(hil-i2c get 0x40 0xfd)" = 0x10 ] || fail "the servos are left with pulses"
passed "SIGTERM in the middle of a nod: the light is off, the servos limp, after $took s"

# The sensor's own data-ready line, pulsed here; every pulse is one measurement.
pulses()
{
	local pull=$1
	while :; do
		printf pull-up >"$pull"
		printf pull-down >"$pull"
		pause 0.02
	done
}
hil-gpio set board GPIO22 1
start_daemon --config "$source/config/robot.jsonc"
pulses "${pull/sim_gpio22/sim_gpio17}" &
pulser=$!
expect_log 'imu: [a-z]+ -> running' "the sensor with its line"
mark_log
hil-i2c set 0x68 0x3b 0xf8 0
expect_value imu.accel '^-4\.90[0-9]* ' "measured at the edges"
kill "$pulser"
wait "$pulser" || true
expect_log 'imu: [a-z]+ -> [a-z]+: no data-ready edge on GPIO17 for' "without edges"
stop_daemon
expect_status 0 "SIGTERM"
passed "measurements at the edges of a data-ready line; their end is noticed"
