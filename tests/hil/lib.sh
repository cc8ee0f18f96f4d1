# What the hardware tests share: a daemon that runs in the background, and waiting, with a bound, for
# what is to happen. The machine is slow: nothing here is measured in less than seconds.
# shellcheck shell=bash
# shellcheck source=tests/system/lib.sh
. "${INSTINCT_SOURCE:?the root of the sources}/tests/system/lib.sh"

log=$scratch/log
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

# within SECONDS COMMAND... : repeat the command until it succeeds.
within()
{
	local deadline=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		sleep 0.05
	done
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
	within 30 log_has "$1" || fail "$2: no log line like: $1"
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
	within 30 value_is "$1" "$2" || fail "$3: $1 is '$(value "$1")', not $2"
}

# The file in which the kernel shows the level of a line that the daemon drives.
level_file()
{
	printf '/sys/devices/platform/%s/%s/sim_gpio%s/value' \
		"$(<"/sys/kernel/config/gpio-sim/board/dev_name")" "$(hil-gpio chip board)" "$1"
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
