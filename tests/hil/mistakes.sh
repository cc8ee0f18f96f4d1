#!/usr/bin/env bash
# What is wrong from the beginning: a chip that is not there, taken, or out of its range; lines that are in use, missing
# or called otherwise; nodes that are none, or forbidden; a kill line that is lost. Each is one clear line in the
# log that says what to do; the rest runs.
# shellcheck source=tests/hil/lib.sh
. "$(dirname "$0")/lib.sh"

robot_without_irq

# refused WHAT REGEX COMMAND... : it says the line and ends with 78.
refused()
{
	local what=$1 line=$2
	shift 2
	run "$@"
	expect_status 78 "$what"
	expect_line "$line" "$what"
	expect_line 'nothing was started' "$what"
	passed "$what: a line, exit 78"
}

make_board
start_daemon "${robot[@]}"
expect_value health.imu '^running$' "at first"
refused "a second daemon on the same folder" 'bus: cannot bind to .*: another daemon serves it' \
	"$build/instinctd" "${robot[@]}"
expect_value health.imu '^running$' "the first one goes on"
stop_daemon
expect_status 0 "SIGTERM"

# Nobody at the address, on a bus of each kind: adapters say ENXIO or ENODEV.
robot_with absent '{
  "buses": { "small": { "path": "/dev/i2c-0" } },
  "devices": {
    "pwm0": { "address": "0x55" },
    "pwm1": { "driver": "pca9685", "bus": "small", "address": "0x55" },
  },
}'
start_daemon "${changed[@]}"
expect_log 'pwm0: [a-z]+ -> [a-z]+: no answer at 0x55 \(ENXIO\), retry [0-9]+' "ENXIO"
expect_log 'pwm1: [a-z]+ -> [a-z]+: no answer at 0x55 \(ENXIO\), retry [0-9]+' "ENODEV"
expect_value health.imu '^running$' "the rest runs"
stop_daemon
expect_status 0 "SIGTERM"
passed "an address without a chip, on a bus of each kind"

# A driver of the kernel has the chip, until it is taken from it.
modprobe lm75
echo lm75 0x48 >/sys/bus/i2c/devices/i2c-1/new_device
make_pwm 0x48
robot_with taken '{ "devices": { "pwm0": { "address": "0x48" } } }'
start_daemon "${changed[@]}"
expect_log "pwm0: .* failing: 0x48 on bus body belongs to the kernel's driver lm75: use the driver \"iio\", or echo 1-0048 >.*unbind" \
	"the driver is named, and what to do"
echo 1-0048 >/sys/bus/i2c/drivers/lm75/unbind
expect_log 'pwm0: [a-z]+ -> running: pca9685 at 0x48' "taken from it"
stop_daemon
expect_status 0 "SIGTERM"
passed "a chip that a driver of the kernel has: it is named; after unbinding it runs"

# A line that somebody else uses; one that no chip has.
gpioset --mode=signal "$(hil-gpio chip board)" 18=0 &
holder=$!
held()
{
	grep -q gpioset <<<"$(gpioinfo "$(hil-gpio chip board)")"
}
within held || fail "the line is not held"
robot_with lines '{ "sensors": { "head": { "line": "GPIO99" } } }'
start_daemon "${changed[@]}"
expect_log 'led: [a-z]+ -> [a-z]+: line GPIO18 is used by gpioset' "the other user is named"
expect_log 'head: [a-z]+ -> [a-z]+: no chip has a line GPIO99; ' "no such line"
kill "$holder"
wait "$holder" || true
expect_log 'led: [a-z]+ -> running: gpio_led at GPIO18' "the line is free again"
stop_daemon
expect_status 0 "SIGTERM"
passed "a line that is in use, a line that is not there"

# Chips by their label, lines that are called nearly so.
robot_with names '{
  "sensors": { "head": { "line": "board:22" } },
  "actuators": { "led": { "line": "GPI018" } },
}'
start_daemon "${changed[@]}"
expect_log 'head: [a-z]+ -> running: gpio_button at board:22' "by the chip's label"
expect_log 'led: [a-z]+ -> [a-z]+: no chip has a line GPI018; did you mean GPIO18\?' "the nearest line"
stop_daemon
expect_status 0 "SIGTERM"
robot_with irq '{ "sensors": { "imu": { "irq": "GPIO71" } } }'
start_daemon "${changed[@]}"
expect_log 'imu: [a-z]+ -> [a-z]+: no chip has a line GPIO71; did you mean GPIO17\?' "a data-ready line"
expect_value health.head '^running$' "the rest runs"
stop_daemon
expect_status 0 "SIGTERM"
robot_with label '{ "sensors": { "head": { "line": "bord:22" } } }'
start_daemon "${changed[@]}"
expect_log 'head: [a-z]+ -> [a-z]+: there is no GPIO chip bord, neither by name nor by label; did you mean board\?' "the nearest chip"
stop_daemon
expect_status 0 "SIGTERM"
passed "lines by their chip's label; the nearest names"

# A shunt that is a thousand times too small: 3200 A. The voltage is good.
hil-i2c opt 0x44 width16 Y
hil-i2c set 0x44 0 0x39 0x9f 0x7d 0x00 0x5d 0xc2
robot_with range '{ "sensors": { "supply": {
  "driver": "ina219", "bus": "body", "address": "0x44", "ina219": { "shunt": 0.0001, "rate": "20Hz" } } } }'
start_daemon "${changed[@]}"
expect_log 'supply: current beyond what is possible \(1000 A\), it is 3200, 10 times in a row; left out' "out of range"
expect_value supply.voltage '^12$' "its other channel"
expect_value health.supply '^running$' "its other channel"
value_is supply.current '3200' && fail "an impossible current is believed"
hil-i2c set 0x44 1 0x01 0xf4
expect_log 'supply: current is possible again' "in range"
expect_value supply.current '^50$' "in range"
stop_daemon
expect_status 0 "SIGTERM"
passed "a channel beyond what is possible is left out, with a word; the other one goes on"

# The kill line: high while all is well, low before and after, and what becomes of it without its chip.
robot_with kill '{ "safety": { "kill_line": "board:6" }, "dev": { "faults": true } }'
note_levels
start_daemon "${changed[@]}"
expect_value health.imu '^running$' "with a kill line"
[[ $(levels_set 6) =~ ^0\ 1 ]] || fail "the kill line was set to $(levels_set 6), not 0 1"
stop_daemon
expect_status 0 "SIGTERM"
[[ $(levels_set 6) =~ ^0\ 1(\ 0)+$ ]] || fail "the kill line was set to $(levels_set 6), not 0 1 0"
passed "the kill line is low until all runs, and low again at the end"

# A light that is on, and a loop that does not return for 5 s: both lines fall without it, and stay low.
fallen()
{
	[[ $(levels_set 6) =~ \ 1(\ 0)+$ && $(levels_set 18) =~ (^|\ )1(\ 0)+$ ]]
}
note_levels
start_daemon "${changed[@]}"
expect_value health.head '^running$' "with a kill line"
hil-gpio set board GPIO22 0
within file_is "$(level_file 18)" 1 || fail "the light does not go on"
"$build/instinct" fault loop stuck 1 5 2>/dev/null &
asker=$!
within fallen || fail "kill line $(levels_set 6), light $(levels_set 18)"
expect_log 'the outputs were made safe without the loop; the kill line stays low until the next start' "it is said"
wait "$asker" || true
expect_value health.head '^running$' "the loop goes on"
[[ $(levels_set 6) =~ \ 1(\ 0)+$ ]] || fail "the kill line is driven again: $(levels_set 6)"
hil-gpio set board GPIO22 1
stop_daemon
expect_status 0 "SIGTERM"
passed "a loop that is stuck: the kill line and the light fall without it"

hil-gpio add stop 2 0=STOP >/dev/null
robot_with stop '{ "safety": { "kill_line": "STOP" } }'
start_daemon "${changed[@]}"
expect_value health.imu '^running$' "with a kill line"
hil-gpio del stop
expect_log 'safety.kill_line: line STOP: its chip has gone; nothing can be stopped by it until the next start' "the kill line is lost"
for role in imu head pwm0 led; do
	expect_value "health.$role" '^running$' "the rest"
done
note_levels
stop_daemon
expect_status 0 "SIGTERM"
[[ $(levels_set 18) =~ (^|\ )0$ ]] || fail "the light was set to '$(levels_set 18)' at the end"
[ "$(hil-i2c get 0x40 0xfd)" = 0x10 ] || fail "the servos are left with pulses"
passed "a kill line whose chip has gone: it is said, the rest runs, the outputs are made safe"
refused "a kill line that is not there" 'safety.kill_line: STOP: no chip has a line STOP' \
	"$build/instinctd" "${changed[@]}"

robot_with other '{ "buses": { "body": { "path": "/dev/null" } } }'
refused "a node that is no bus" 'buses.body.path: /dev/null is no I2C adapter but another kind of device' \
	"$build/instinctd" "${changed[@]}"

# As a user who is in no group, with the nodes as a board has them.
getent group i2c >/dev/null || groupadd -r i2c
getent group gpio >/dev/null || groupadd -r gpio
chgrp i2c /dev/i2c-*
chgrp gpio /dev/gpiochip*
chmod 0660 /dev/i2c-* /dev/gpiochip*
as_nobody=(setpriv --reuid nobody --regid nogroup --clear-groups)
chown nobody "$scratch"
rm -rf "$scratch/instinct"
mark_log
"${as_nobody[@]}" "$build/instinctd" "${robot[@]}" 2>>"$log" &
daemon=$!
expect_log 'imu: [a-z]+ -> [a-z]+: no permission for /dev/i2c-1: it is for the group i2c \(mode 0660\); adduser nobody i2c' \
	"the bus's group is named, and what to do"
expect_log 'head: [a-z]+ -> [a-z]+: no permission for /dev/gpiochip[0-9]+: it is for the group gpio' \
	"the lines' group, too"
stop_daemon
expect_status 0 "SIGTERM"
passed "without permission: node, group, mode and remedy, for bus and lines"

mark_log
setpriv --reuid nobody --regid nogroup --groups "$(getent group i2c | cut -d: -f3)" \
	"$build/instinctd" "${robot[@]}" 2>>"$log" &
daemon=$!
expect_log 'head: [a-z]+ -> [a-z]+: no permission for /dev/gpiochip[0-9]+: it is for the group gpio' \
	"the lines' group is named"
expect_log 'imu: [a-z]+ -> running' "the bus is usable"
stop_daemon
expect_status 0 "SIGTERM"
passed "lines without permission: the group is named, the bus is used"
