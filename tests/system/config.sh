#!/usr/bin/env bash
# The configuration as a user meets it: checked files, layers, values by expression, the list of keys.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

desk=$source/config/desk.jsonc

for file in desk robot; do
	run "$build/instinctd" --check --config "$source/config/$file.jsonc"
	expect_status 0 "config/$file.jsonc"
	expect_line 'the configuration is good' "config/$file.jsonc"
done
run "$build/instinct" check "$desk" --json
expect_status 0 "check --json"
expect_line '^\{"errors":\[\],"good":true\}$' "check --json"
passed "the shipped configurations are good"

mkdir "$scratch/conf.d"
printf '{ "behaviours": { "nod": { "params": { "times": 1 } } } }\n' >"$scratch/conf.d/10-once.jsonc"
printf '{ "behaviours": { "nod": { "params": { "times": 99 } } } }\n' >"$scratch/conf.d/20-often.jsonc"
run "$build/instinctd" --check --config "$desk" --config "$scratch/conf.d/"
expect_status 78 "99 nods"
expect_line '20-often.jsonc:1:[0-9]+: behaviours.nod.params.times: ' "the place is in the drop-in"
rm "$scratch/conf.d/20-often.jsonc"
run "$build/instinctd" --config "$desk" --config "$scratch/conf.d/" --view --speed max --duration 3s
expect_status 0 "one nod"
expect_line 'nod ended: done, 0\.[67]' "the drop-in's number counts"
passed "drop-ins lie over the file, and errors name the file they come from"

cat >"$scratch/values.jsonc" <<'J'
{ "fusion": { "values": {
    "head.petted": { "is": "head.touched and not motion.shaken", "help": "touched gently" },
    "head.again": { "is": "head.petted" } } } }
J
run "$build/instinctd" --config "$desk" --config "$scratch/values.jsonc" --view --speed max --duration 3s
expect_status 0 "values by expression"
expect_line '1\.5[0-9]  sense  head\.again is true' "it follows its expression"
passed "a value follows an expression"

printf '{ "fusion": { "values": { "head.petted": { "is": "head.tuched and" } } } }\n' >"$scratch/wrong.jsonc"
run "$build/instinctd" --check --config "$desk" --config "$scratch/wrong.jsonc"
expect_status 78 "a wrong expression"
expect_line 'wrong.jsonc:1:[0-9]+: fusion.values.head.petted.is: .*column' "the place in the file and in the text"
run "$build/instinctd" --config "$desk" --config "$scratch/wrong.jsonc" --duration 1s
expect_status 78 "a wrong expression at the start"
passed "a wrong expression is refused before anything starts"

sed 's/"nod.lua"/"nodd.lua"/' "$desk" >"$scratch/script.jsonc"
run "$build/instinctd" --check --config "$scratch/script.jsonc"
expect_status 78 "--check of a script that is not there"
expect_line 'behaviours.nod.script: no script "nodd.lua"; looked in .*/behaviours.*; did you mean "nod.lua"' "the script is named, and where it was looked for"
passed "--check loads the scripts"

# What two parts of the configuration both claim, each in a drop-in of its own.
refused()
{
	printf '%s\n' "$2" >"$scratch/claim.jsonc"
	for check in --check --duration=1s; do
		run "$build/instinctd" $check --config "$desk" --config "$scratch/claim.jsonc"
		expect_status 78 "$1 ($check)"
		expect_line "claim.jsonc:1:[0-9]+: $3" "$1: the place and the reason"
	done
}
refused "a misspelt parameter" '{ "behaviours": { "nod": { "params": { "tims": 1 } } } }' \
	'behaviours.nod.params.tims: .*times'
refused "a value with two owners" \
	'{ "sensors": { "hand": { "driver": "gpio_button", "line": "GPIO5", "channels": { "pressed": "head.touched" } } } }' \
	'sensors.hand: .*head.touched is owned by head'
refused "a value of fusion" \
	'{ "sensors": { "hand": { "driver": "gpio_button", "line": "GPIO5", "channels": { "pressed": "motion.still" } } } }' \
	'sensors.hand: .*motion.still is owned by fusion'
refused "an actuator in two resources" '{ "resources": { "lamp": { "led": "led" } } }' \
	'resources.lamp.led: .*led is in resources.light already'
refused "a channel with two actuators" '{ "actuators": { "roll": { "on": "pwm0", "channel": 1 } } }' \
	'actuators.roll.channel: .*taken by actuators.tilt'
passed "what has an owner is not given to a second one"

# Half a megabyte and more of things that are not a configuration.
{ printf "\001" && head -c 1000000 /dev/urandom; } >"$scratch/garbage.jsonc" # no digit, by chance JSON
run "$build/instinctd" --check --config "$scratch/garbage.jsonc"
expect_status 78 "garbage"
expect_line 'garbage.jsonc:1:1: ' "garbage is refused at its first byte"
head -c 1000000 /dev/zero | tr '\0' '[' >"$scratch/deep.jsonc"
run "$build/instinctd" --check --config "$scratch/deep.jsonc"
expect_status 78 "a million brackets"
head -c 3000000 /dev/zero | tr '\0' ' ' >"$scratch/large.jsonc"
run "$build/instinctd" --check --config "$scratch/large.jsonc"
expect_status 78 "three million spaces"
expect_line 'large.jsonc: ' "a file that is too large"
passed "garbage, depth and size are refused"

run "$build/instinctd" --keys
expect_status 0 "--keys"
expect_line '^sensors.*stale_after' "the keys of sensors"
expect_line '^bus.state' "the keys of the bus"
passed "--keys lists every key"
