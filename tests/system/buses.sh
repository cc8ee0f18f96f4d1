#!/usr/bin/env bash
# I2C buses: an adapter that is not there, files that are none, multiplexers; with and without simulation.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

# wrong JSON LINE WHAT : the buses and sensors of JSON are refused, with a line like that.
wrong()
{
	printf '%s\n' "$1" >"$scratch/wrong.jsonc"
	run "$build/instinctd" --check --config "$scratch/wrong.jsonc"
	expect_status 78 "$3"
	expect_line "$2" "$3"
}

# An adapter that comes and goes, as with USB: here the name that leads to it does.
cat >"$scratch/late.jsonc" <<J
{
  "gpio": "sim",
  "buses": { "body": { "path": "$scratch/bus" } },
  "sensors": {
    "warm": { "driver": "tmp102", "bus": "body" },
    "head": { "driver": "gpio_button", "line": "GPIO22" },
  },
}
J
"$build/instinctd" --config "$scratch/late.jsonc" 2>"$log" &
pid=$!
within says "warm: [a-z]+ -> [a-z]+: there is no $scratch/bus" || fail "it is not said: $(<"$log")"
within value_is health.head '^running$' || fail "the rest does not run: $(<"$log")"
within value_is health.warm '^(failing|lost)$' || fail "the role without its bus: $(<"$log")"
ln -s /dev/null "$scratch/bus"
within says "warm: [a-z]+ -> [a-z]+: $scratch/bus is no I2C adapter" || fail "it is not said: $(<"$log")"
kill -TERM "$pid"
until_ended 0 "SIGTERM"
passed "a bus that is not there: its roles say so and try again, the rest runs"

for path in /dev/null /etc/passwd /dev; do
	wrong "{ \"buses\": { \"body\": { \"path\": \"$path\" } } }" \
		"wrong.jsonc:1:[0-9]+: buses.body.path: $path is no I2C adapter but " "$path"
done
passed "a path that leads to something else is a mistake of the configuration"

wrong '{ "buses": { "far": { "mux": "tca9548", "on": "bdy", "address": "0x70", "channel": 2 },
  "body": { "path": "sim" } } }' 'buses.far.mux: .*tca9548a' "an unknown multiplexer"
expect_line 'buses.far.on: .*body' "the nearest bus"
wrong '{ "buses": { "body": {} } }' 'buses.body: "path" is missing' "a bus without anything"
wrong '{ "buses": { "body": { "path": "sim", "channel": 1 } } }' 'buses.body.channel: is of a bus with "mux"' "a channel of an adapter"
wrong '{ "buses": { "far": { "mux": "tca9548a" } } }' 'buses.far: "address" is missing' "a multiplexer nowhere"
expect_line 'buses.far: "on" is missing' "and on nothing"
expect_line 'buses.far: "channel" is missing; 0 to 7' "and without a channel"
wrong '{ "buses": { "a": { "mux": "tca9548a", "on": "b", "address": "0x70", "channel": 1 },
  "b": { "mux": "tca9548a", "on": "a", "address": "0x71", "channel": 1 } } }' \
	'buses.a.on: leads to no adapter' "two multiplexers on each other"
passed "multiplexers: every mistake has its place"

# meet SENSORS : over an adapter, two channels of one multiplexer, and one of another.
buses='"buses": { "body": { "path": "sim" },
  "one": { "mux": "tca9548a", "on": "body", "address": "0x70", "channel": 1 },
  "two": { "mux": "tca9548a", "on": "body", "address": "0x70", "channel": 2 },
  "other": { "mux": "tca9548a", "on": "body", "address": "0x71", "channel": 1 } }'
wrong "{ $buses, \"sensors\": { \"a\": { \"driver\": \"tmp102\", \"bus\": \"body\" },
  \"b\": { \"driver\": \"tmp102\", \"bus\": \"one\" } } }" \
	'sensors.b: address 0x48 on bus body is taken by sensors.a' "before and behind"
wrong "{ $buses, \"sensors\": { \"a\": { \"driver\": \"tmp102\", \"bus\": \"one\" },
  \"b\": { \"driver\": \"tmp102\", \"bus\": \"other\" } } }" \
	'sensors.b: address 0x48 on bus one is taken by sensors.a' "behind two multiplexers"
wrong "{ $buses, \"devices\": { \"p\": { \"driver\": \"pca9685\", \"bus\": \"one\", \"address\": \"0x70\" } } }" \
	'devices.p: address 0x70 on bus body is taken by buses.one' "the multiplexer's own address"
wrong "{ $buses, \"sensors\": { \"a\": { \"driver\": \"tmp102\", \"bus\": \"body\" },
  \"b\": { \"driver\": \"lm75\", \"bus\": \"body\" }, \"c\": { \"driver\": \"tmp102\", \"bus\": \"body\" },
  \"d\": { \"driver\": \"tmp102\", \"bus\": \"body\", \"address\": \"0x148\" } } }" \
	'wrong.jsonc:5:[0-9]+: sensors.b: address 0x48 on bus body is taken by sensors.a' "two roles on one address"
expect_line 'wrong.jsonc:5:[0-9]+: sensors.c: address 0x48 on bus body is taken by sensors.a' "three"
expect_line 'sensors.d.address: "0x148" is out of range; 0x03 to 0x77' "no address"
expect_line 'has 3 errors' "each is said once"
passed "addresses are compared along the way to the adapter"

printf '%s\n' "{ \"gpio\": \"sim\", $buses, \"sensors\": { \"a\": { \"driver\": \"tmp102\", \"bus\": \"one\" },
  \"b\": { \"driver\": \"bmp280\", \"bus\": \"other\" }, \"c\": { \"driver\": \"tmp102\", \"bus\": \"two\" } } }" \
	>"$scratch/mux.jsonc"
run "$build/instinctd" --check --config "$scratch/mux.jsonc"
expect_status 0 "--check with multiplexers"
run "$build/instinctd" --config "$scratch/mux.jsonc" --duration 1s --speed max
expect_status 0 "a robot with multiplexers"
for role in a b c; do
	expect_line "$role: starting -> running: " "$role is reached"
done
passed "two chips with one address behind two channels, simulated"

# Chips that all start at 0x29.
two='{ "gpio": "sim", "buses": { "body": { "path": "sim" } }, "sensors": {
  "left": { "driver": "vl53l0x", "bus": "body", "address": "0x30", "xshut": "GPIO23" },
  "right": { "driver": "vl53l0x", "bus": "body", "address": "0x31", "xshut": "GPIO24" } } }'
printf '%s\n' "$two" >"$scratch/two.jsonc"
run "$build/instinctd" --config "$scratch/two.jsonc" --duration 1s --speed max
expect_status 0 "two of them"
expect_line 'left: starting -> running: vl53l0x at 0x30' "the first"
expect_line 'right: starting -> running: vl53l0x at 0x31' "the second"
wrong "${two/GPIO24/GPIO23}" 'sensors.right.xshut: the line GPIO23 is taken by sensors.left' "one line for two"
wrong "${two/0x31/0x29}" 'sensors.right: sensors.left meets it at 0x29, where chips with "xshut" start' "the common address"
wrong "${two/, \"xshut\": \"GPIO24\"/}" 'sensors.right.address: vl53l0x is never at 0x31; 0x29, elsewhere with "xshut"' "an address without a line"
for other in '"tmp102", "bus": "body"' '"gpio_button", "line": "GPIO3"'; do
	printf '{ "gpio": "sim", "buses": { "body": { "path": "sim" } }, "sensors": {
  "x": { "driver": %s, "xshut": "GPIO4" } } }\n' "$other" >"$scratch/other.jsonc"
	run "$build/instinctd" --check --config "$scratch/other.jsonc"
	expect_status 0 "another chip: its driver was swapped"
	expect_line 'warning: sensors.x.xshut: not used: (tmp102 cannot be given an address|gpio_button is on)' "it is said"
done
passed "chips that start at one address: xshut"
