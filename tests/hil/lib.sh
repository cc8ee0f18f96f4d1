# What the hardware tests share: a daemon that runs in the background, and waiting, with a bound, for
# what is to happen. The machine is slow: nothing here is measured in less than seconds.
# shellcheck shell=bash
# shellcheck source=tests/system/lib.sh
. "${INSTINCT_SOURCE:?the root of the sources}/tests/system/lib.sh"

daemon=
mark=0 # lines of the log that have been dealt with

clean_up()
{
	if [ -n "$daemon" ]; then
		kill -KILL "$daemon"
		wait "$daemon"
	fi
	rm -rf "$scratch"
} 2>/dev/null
trap clean_up EXIT

# What failed, and the daemon's log since the last mark.
fail()
{
	printf 'FAIL: %s\nstatus %s, output:\n%s\nlog:\n' "$1" "${status:-?}" "${out:-}" >&2
	tail -n +$((mark + 1)) "$log" >&2
	exit 1
}

# The log from here on is what expect_log looks at.
mark_log()
{
	mark=$(wc -l <"$log")
}

log_has()
{
	grep -qE -- "$1" < <(tail -n +$((mark + 1)) "$log")
}

# expect_log REGEX WHAT
expect_log()
{
	within log_has "$1" || fail "$2: no log line like: $1"
}

# Start the daemon; its log is kept.
start_daemon()
{
	: >>"$log"
	mark_log
	"$build/instinctd" "$@" 2>>"$log" &
	daemon=$!
}

# Have it end as a service manager would; $status is its exit status, $took how many seconds it took.
# shellcheck disable=SC2034 # the tests use it
stop_daemon()
{
	local start=$SECONDS
	kill -TERM "$daemon"
	status=0
	wait "$daemon" || status=$?
	took=$((SECONDS - start))
	daemon=
}

# The text of a value, "" while the daemon does not answer.
value()
{
	"$build/instinct" get "$1" 2>/dev/null || true
}

value_is()
{
	[[ $(value "$1") =~ $2 ]]
}

# expect_value NAME REGEX WHAT
expect_value()
{
	within value_is "$1" "$2" || fail "$3: $1 is '$(value "$1")', not $2"
}

# The file in which the kernel shows the level of a line that the daemon drives.
level_file()
{
	printf '/sys/devices/platform/%s/%s/sim_gpio%s/value' \
		"$(<"/sys/kernel/config/gpio-sim/board/dev_name")" "$(hil-gpio chip board)" "$1"
}

# From here on the kernel notes what lines are set to. (A line that is given back goes to its pull, so that its level
# does not tell what a daemon that has ended did last.)
note_levels()
{
	mountpoint -q /sys/kernel/tracing || mount -t tracefs nodev /sys/kernel/tracing
	echo 1 >/sys/kernel/tracing/events/gpio/gpio_value/enable
	: >/sys/kernel/tracing/trace
}

# What the board's line OFFSET was set to since then, such as "0 1 0": levels_set OFFSET
levels_set()
{
	local base
	base=$(dirname "$(grep -lx board /sys/class/gpio/gpiochip*/label)")
	sed -n "s/.*gpio_value: $(($(<"$base/base") + $1)) set \([01]\).*/\1/p" /sys/kernel/tracing/trace |
		xargs
}

file_is()
{
	[ "$(<"$1")" = "$2" ]
}

registers_are()
{
	[ "$(hil-i2c get "$1" "$2" 4)" = "$3" ]
}

# The board of config/robot.jsonc: its lines by name, the button released, and its chips on the bus.
make_board()
{
	hil-gpio add board 32 17=GPIO17 18=GPIO18 22=GPIO22 >/dev/null
	hil-gpio set board GPIO22 1
	make_imu
	make_pwm 0x40
}

# A PCA9685 at an address, as it is after power-on.
make_pwm()
{
	hil-i2c set "$1" 0x00 0x11 0x04 0xe2 0xe4 0xe8 0xe0
	hil-i2c set "$1" 0xfe 0x1e
}

# The kernel's driver of the INA219 in a folder polls the chip, 1000 times a second; now seven times.
slow_down()
{
	local which
	for which in voltage0 voltage1; do
		echo 0.068100 >"$1/in_${which}_integration_time"
	done
}

# An MPU-6050 at rest, z up, with new data at any time: 1 g is 0x1000 at the range of 8 g.
make_imu()
{
	hil-i2c set 0x68 0x75 0x68
	hil-i2c set 0x68 0x3a 0x01 0 0 0 0 0x10 0 0 0 0 0 0 0 0 0
}

# The board's robot, whose motion sensor is read on a schedule: nothing drives its line here.
robot_without_irq()
{
	printf '{ "sensors": { "imu": { "irq": "" } } }\n' >"$scratch/no_irq.jsonc"
	robot=(--config "$source/config/robot.jsonc" --config "$scratch/no_irq.jsonc")
}

# robot_with FILE JSON : $changed is the robot with a layer over it.
robot_with()
{
	printf '%s\n' "$2" >"$scratch/$1.jsonc"
	# shellcheck disable=SC2034 # the tests use it
	changed=("${robot[@]}" --config "$scratch/$1.jsonc")
}

# A TMP102 at 25.5 degC.
make_tmp102()
{
	hil-i2c opt 0x48 width16 Y
	hil-i2c set 0x48 0 0x19 0x80 0x60 0xa0 0x4b 0x00 0x50 0x00
}

# A BMP280 or BME280 at an address, by its id; the datasheet's example, 25.08 degC and 100653 Pa (BST-BMP280-DS001, section 3.12).
make_bosch()
{
	local addr=$1 id=$2
	hil-i2c set "$addr" 0x88 0x70 0x6b 0x43 0x67 0x18 0xfc 0x7d 0x8e 0x43 0xd6 0xd0 0x0b \
		0x27 0x0b 0x8c 0x00 0xf9 0xff 0x8c 0x3c 0xf8 0xc6 0x70 0x17 0x00 0x4b
	hil-i2c set "$addr" 0xd0 "$id"
	hil-i2c set "$addr" 0xe1 0x6a 0x01 0x00 0x13 0x29 0x03 0x1e
	hil-i2c set "$addr" 0xf2 0 0 0 0 0 0x65 0x5a 0xc0 0x7e 0xed 0x00 0x6e 0x30
}
