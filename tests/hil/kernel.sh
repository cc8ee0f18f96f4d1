#!/usr/bin/env bash
# What the kernel's own drivers make of the same registers: for each chip first theirs, then ours, on the real
# bus. Then chips that the kernel keeps, read through it: attributes, and the buffer of a character device.
# shellcheck source=tests/hil/lib.sh
. "$(dirname "$0")/lib.sh"

bus=/sys/bus/i2c/devices/i2c-1
chips=/sys/bus/i2c/devices

# A driver of the kernel takes a chip, and leaves it: bind NAME ADDR, unbind ADDR
bind()
{
	echo "$1 $2" >"$bus/new_device"
	within test -e "$chips/1-00${2#0x}/driver" || fail "the kernel's $1 does not take $2"
}
unbind()
{
	echo "$1" >"$bus/delete_device"
}

# What is in all files that match, when there are any: shown PATTERN
shown()
{
	local files
	within compgen -G "$1" >/dev/null || fail "the kernel shows no $1"
	mapfile -t files < <(compgen -G "$1")
	cat "${files[@]}"
}

# calc EXPRESSION : by awk
calc()
{
	awk "BEGIN { printf \"%.9g\", $1 }"
}

# near NAME EXPECTED TOLERANCE WHAT [FIELD] : a value of the daemon is what the kernel said.
is_near()
{
	local v
	v=$(value "$1" | awk -v f="${4:-1}" '{ print $f }')
	[ -n "$v" ] && awk -v a="$v" -v b="$2" -v t="$3" \
		'BEGIN { d = a - b; exit !(a ~ /^-?[0-9.]/ && d <= t && -d <= t) }'
}
near()
{
	within is_near "$1" "$2" "$3" "${5:-1}" ||
		fail "$4: $1 is '$(value "$1")', the kernel has $2 (tolerance $3)"
}

# 5 mV across 10 mOhm, 12 V, and what the chip computes of them: 0.5 A, 6 W. Always ready.
make_ina219()
{
	hil-i2c opt 0x40 width16 Y
	hil-i2c set 0x40 0 0x39 0x9f 0x01 0xf4 0x5d 0xc2 0x01 0x2c 0x01 0xf4 0x10 0x00
}
make_ads1115()
{
	hil-i2c opt 0x49 width16 Y
	hil-i2c set 0x49 0 0x34 0x56 0x85 0x83 0x80 0x00 0x7f 0xff
}
# Turning, and tilted.
make_lsm6dso()
{
	hil-i2c set 0x6a 0x0f 0x6c
	hil-i2c set 0x6a 0x22 0x10 0x01 0x20 0xfe 0x30 0x03 0x00 0x10 0x00 0xe0 0x80 0x3d
}
# Before the kernel and again before us: drivers write their settings into the registers.
make_chips()
{
	make_tmp102
	make_bosch 0x76 0x58
	make_bosch 0x77 0x60
	make_ina219
	make_ads1115
}

for module in tmp102 bmp280-i2c ina2xx ti-ads1015 st_lsm6dsx_i2c; do
	modprobe $module
done

make_chips
bind tmp102 0x48
bind bmp280 0x76
bind bme280 0x77
bind ina219 0x40
bind ads1115 0x49
# The kernel has the TMP102 use its 13-bit format, in which the same bits are twice as many degrees.
tmp102_c=$(calc "$(shown "$chips/1-0048/hwmon/hwmon*/temp1_input") / 1000 / 2")
bmp280_c=$(calc "$(shown "$chips/1-0076/iio:device*/in_temp_input") / 1000")
bmp280_pa=$(calc "$(shown "$chips/1-0076/iio:device*/in_pressure_input") * 1000")
bme280_c=$(calc "$(shown "$chips/1-0077/iio:device*/in_temp_input") / 1000")
bme280_pa=$(calc "$(shown "$chips/1-0077/iio:device*/in_pressure_input") * 1000")
bme280_rh=$(calc "$(shown "$chips/1-0077/iio:device*/in_humidityrelative_input") / 100000")
ina219_v=$(calc "$(shown "$chips/1-0040/hwmon/hwmon*/in1_input") / 1000")
ina219_a=$(calc "$(shown "$chips/1-0040/hwmon/hwmon*/curr1_input") / 1000")
ina219_w=$(calc "$(shown "$chips/1-0040/hwmon/hwmon*/power1_input") / 1e6")
ads1115_v=$(calc "$(shown "$chips/1-0049/iio:device*/in_voltage0_raw") * \
	$(shown "$chips/1-0049/iio:device*/in_voltage0_scale") / 1000")
for addr in 0x48 0x76 0x77 0x40 0x49; do
	unbind $addr
done

cat >"$scratch/ours.jsonc" <<'J'
{
  "buses": { "body": { "path": "/dev/i2c-1" } },
  "sensors": {
    "board": { "driver": "tmp102", "bus": "body", "address": "0x48" },
    "baro": { "driver": "bmp280", "bus": "body", "address": "0x76" },
    "air": { "driver": "bme280", "bus": "body", "address": "0x77" },
    "supply": { "driver": "ina219", "bus": "body", "address": "0x40", "ina219": { "shunt": 0.01 } },
    "probe": { "driver": "ads1115", "bus": "body", "address": "0x49", "ads1115": { "range": "2.048V" } },
  },
}
J
make_chips
start_daemon --config "$scratch/ours.jsonc"
near board.temperature "$tmp102_c" 0.001 "tmp102"
passed "tmp102: $tmp102_c degC, in half steps of the kernel's 13-bit format"
near baro.temperature "$bmp280_c" 0.01 "bmp280"
near baro.pressure "$bmp280_pa" 0.5 "bmp280"
passed "bmp280: $bmp280_c degC, $bmp280_pa Pa, as the kernel has it, within 0.01 degC and 0.5 Pa"
near air.temperature "$bme280_c" 0.01 "bme280"
near air.pressure "$bme280_pa" 0.5 "bme280"
near air.humidity "$bme280_rh" 0.0002 "bme280"
passed "bme280: $bme280_c degC, $bme280_pa Pa, humidity $bme280_rh, within 0.01 degC, 0.5 Pa, 0.0002"
near supply.voltage "$ina219_v" 0.0005 "ina219"
near supply.current "$ina219_a" 0.0005 "ina219"
near supply.power "$ina219_w" 0.01 "ina219"
passed "ina219: $ina219_v V, $ina219_a A, $ina219_w W, within 0.5 mV, 0.5 mA, 10 mW"
near probe.voltage "$ads1115_v" 0.0000005 "ads1115"
passed "ads1115: $ads1115_v V, within half a microvolt"
stop_daemon
expect_status 0 "SIGTERM"

# A chip that the kernel keeps: our own driver says so, and "iio" reads it.
make_chips
make_lsm6dso
rmmod ina2xx
modprobe ina2xx-adc
bind bmp280 0x76
bind lsm6dso 0x6a
bind ads1115 0x49
bind ina219 0x40
slow_down "$(compgen -G "$chips/1-0040/iio:device*")"
cat >"$scratch/baro.jsonc" <<'J'
{
  "buses": { "body": { "path": "/dev/i2c-1" } },
  "sensors": {
    "baro": {
      "driver": "bmp280", "bus": "body", "device": "bmp280",
      "iio": { "channels": ["temperature", "pressure"], "rate": "5Hz" },
    },
  },
}
J
start_daemon --config "$scratch/baro.jsonc"
expect_log "baro: [a-z]+ -> [a-z]+: 0x76 on bus body belongs to the kernel's driver bmp280: use the driver \"iio\"" \
	"the kernel has the chip"
stop_daemon
sed -i 's/"driver": "bmp280"/"driver": "iio"/' "$scratch/baro.jsonc"
start_daemon --config "$scratch/baro.jsonc"
expect_log 'baro: [a-z]+ -> running: iio at bmp280 \(iio:device[0-9]+\)' "one line is changed"
near baro.temperature "$bmp280_c" 0.0005 "bmp280 through iio"
near baro.pressure "$bmp280_pa" 0.5 "bmp280 through iio"
stop_daemon
expect_status 0 "SIGTERM"
passed "a bmp280 that the kernel has: our driver says so; \"iio\", one line changed, reads the same"

# What the kernel says now: raw, times its scale.
iio_value()
{
	calc "$(shown "$chips/$1/iio:device*/in_$2_raw") * $(shown "$chips/$1/iio:device*/in_$3_scale")"
}
cat >"$scratch/iio.jsonc" <<'J'
{
  "sensors": {
    // Two devices of the kernel, lsm6dso_accel and lsm6dso_gyro; an attribute takes two sample times.
    "imu": {
      "driver": "iio", "device": "lsm6dso", "stale_after": "10s",
      "iio": { "channels": ["accel", "gyro"], "rate": "400Hz" },
    },
    "probe": {
      "driver": "iio", "device": "1-0049",
      "iio": { "channels": [{ "voltage": "voltage0" }], "rate": "100Hz" },
    },
    "supply": {
      "driver": "iio", "device": "ina219",
      "iio": {
        "channels": [{ "voltage": "voltage1" }, "current", "power"],
        "rate": "10Hz", "buffer": true,
      },
    },
  },
}
J
cat "$scratch/iio.jsonc" >"$scratch/wrong.jsonc"
sed -i 's/"device": "lsm6dso"/"device": "lsm6ds0"/; s/"1-0049"/"ads1015"/; s/\[{ "voltage": "voltage0" }\]/["voltage"]/; s/"buffer": true/"buffer": true, "trigger": "clock"/' "$scratch/wrong.jsonc"
start_daemon --config "$scratch/wrong.jsonc"
expect_log 'imu: [a-z]+ -> [a-z]+: no IIO device is "lsm6ds0", did you mean "lsm6dso"; there is' "misspelt"
expect_log 'probe: [a-z]+ -> [a-z]+: ads1015 has several: voltage0, .*say which: \{ "voltage": "voltage0" \}' \
	"which of them"
expect_log 'supply: [a-z]+ -> [a-z]+: ina219 takes no trigger: it scans by itself' "no trigger"
stop_daemon
expect_status 0 "SIGTERM"
passed "wrong names, several channels, a trigger where there is none: what there is instead"

accel_z=$(iio_value 1-006a accel_z accel)
gyro_y=$(iio_value 1-006a anglvel_y anglvel)
probe_v=$(calc "$(iio_value 1-0049 voltage0 voltage0) / 1000")
supply_v=$(calc "$(iio_value 1-0040 voltage1 voltage1) / 1000")
supply_a=$(calc "$(iio_value 1-0040 current3 current3) / 1000")
supply_w=$(calc "$(iio_value 1-0040 power2 power2) / 1000")
start_daemon --config "$scratch/iio.jsonc"
expect_value health.imu '^running$' "the lsm6dso"
near imu.accel "$accel_z" 0.0005 "lsm6dso" 3
near imu.gyro "$gyro_y" 0.00005 "lsm6dso" 2
[ "$(shown "$chips/1-006a/iio:device*/sampling_frequency" | sort -u)" = 416.000000 ] ||
	fail "the lsm6dso measures at $(shown "$chips/1-006a/iio:device*/sampling_frequency")"
passed "lsm6dso by attributes: two devices as one sensor; accel z $accel_z m/s^2, gyro y $gyro_y rad/s; 416 Hz for 400"
near probe.voltage "$probe_v" 0.0000005 "ads1115 through iio"
passed "ads1115 by an attribute: $probe_v V"

node=$(basename "$chips"/1-0040/iio:device*)
near supply.voltage "$supply_v" 0.0005 "ina219 through its buffer"
near supply.current "$supply_a" 0.0005 "ina219 through its buffer"
near supply.power "$supply_w" 0.0005 "ina219 through its buffer"
[ "$(<"$chips/1-0040/$node/buffer/enable")" = 1 ] || fail "the buffer is not in use"
readlink "/proc/$daemon/fd/"* | grep -q "^/dev/$node$" || fail "/dev/$node is not open"
[ "$(tr -d '\0' <"$chips/1-0040/$node/current_timestamp_clock")" = monotonic ] || fail "another clock than ours"
hil-i2c set 0x40 2 0x2e 0xe2
near supply.voltage 6 0.0005 "the bus voltage has changed"
age=$("$build/instinct" get supply.voltage --json | sed 's/.*"age_s":\([0-9.e-]*\).*/\1/')
awk -v a="$age" 'BEGIN { exit !(a >= -0.01 && a < 5) }' || fail "the time stamp is not of now: $age s old"
passed "ina219 by scans from /dev/$node: $supply_v V, $supply_a A, $supply_w W; a change comes, $age s old"

start_reader()
{
	exec 9<"/dev/$node"
}
if start_reader 2>/dev/null; then
	fail "/dev/$node can be opened twice"
fi
mark_log
unbind 0x40
expect_log 'supply: [a-z]+ -> [a-z]+: ina219 \(iio:device[0-9]+\) has gone' "taken away"
expect_value health.imu '^running$' "the other devices"
bind ina219 0x40
expect_log 'supply: [a-z]+ -> running: iio at ina219' "back"
unbind 0x6a
expect_log 'imu: [a-z]+ -> (failing|lost): ' "taken away"
bind lsm6dso 0x6a
expect_log 'imu: [a-z]+ -> running: iio at lsm6dso' "back"
passed "a device that is taken away, by scans and by attributes, and comes back"
stop_daemon
expect_status 0 "SIGTERM"
[ "$(<"$(echo "$chips"/1-0040/iio:device*)/buffer/enable")" = 0 ] || fail "the buffer is left running"
passed "SIGTERM: the buffer is stopped"
