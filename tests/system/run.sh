#!/usr/bin/env bash
# Scripts as programs: alone, on the virtual clock, in a robot; how they end and what they say.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

desk=$source/config/desk.jsonc

cat >"$scratch/good.lua" <<'L'
local hour = value "clock.hour"
print("hello", hour.state, hour.value >= 0 and hour.value < 24)
sleep(3600 * 24)
print("a day later", now())
L
run_quietly "$build/instinct" run "$scratch/good.lua" --virtual
expect_status 0 "a program on the virtual clock"
expect_line '^hello	ok	true$' "its output, bare"
expect_line '^a day later	86400' "virtual time"
[ "$(wc -l <<<"$out")" -eq 2 ] || fail "nothing but its own output"
passed "a program ends with 0, print goes to standard output"

cat >"$scratch/bad.lua" <<'L'
local function inner(t) return t.x end
local function outer() return inner(nil) + 1 end
print "before"
outer()
L
run "$build/instinctd" --run "$scratch/bad.lua"
expect_status 1 "an error"
expect_line '^instinctd: bad\.lua:1: attempt to index a nil value' "the message with its place"
expect_line '	bad\.lua:2: in .*outer' "the traceback"
if grep -q '\[C\]' <<<"$out"; then fail "lines without a place in a script"; fi
run_quietly "$build/instinctd" --run "$scratch/bad.lua"
[ "$out" = before ] || fail "the error goes to standard error alone"
passed "an error: exit 1 with the traceback"

printf 'print(\n' >"$scratch/syntax.lua"
run "$build/instinct" run "$scratch/syntax.lua"
expect_status 1 "a syntax error"
expect_line 'syntax\.lua:[0-9]+: ' "the place of the syntax error"
run "$build/instinct" run "$scratch/none.lua"
expect_status 1 "no script"
expect_line 'none\.lua: No such file' "the missing file is named"
printf 'value "imu.accel"\n' >"$scratch/world.lua"
run "$build/instinct" run "$scratch/world.lua"
expect_status 1 "a robot's value without a robot"
expect_line 'world\.lua:1: no value "imu\.accel"' "the value is named"
run "$build/instinct" run "$source/behaviours/nod.lua" --virtual --config "$desk"
expect_status 1 "a behaviour"
expect_line 'nod\.lua:[0-9]+: a behaviour is run by a robot, not as a program' "why it does not run"
printf 'print "before"\nlocal function f() slep(1) end\nlocal function g() n = 1 end\n' >"$scratch/names.lua"
run "$build/instinct" run "$scratch/names.lua"
expect_status 1 "names that nobody declares"
expect_line 'names\.lua:2: undeclared name "slep"; did you mean "sleep"' "the first"
expect_line 'names\.lua:3: undeclared name "n"; write "local n = ' "and the second"
if grep -q before <<<"$out"; then fail "it ran: $out"; fi
passed "what cannot run says why"

cat >"$scratch/order.lua" <<'L'
local t = {}
for word in ("one two three four five six seven eight nine ten"):gmatch "%a+" do t[word] = #word end
local keys = {}
for key in pairs(t) do keys[#keys + 1] = key end
print(table.concat(keys, " "), next(t), AsyncValue(t))
L
for _ in $(seq 50); do "$build/instinct" run "$scratch/order.lua" --virtual; done >"$scratch/orders"
[ "$(sort -u "$scratch/orders" | wc -l)" -eq 1 ] || fail "tables in another order in another run"
passed "R11: fifty runs go through a table in the same order"

cat >"$scratch/robot.lua" <<'L'
local touched, accel = value "head.touched", value "imu.accel"
print("touched", touched:wait_value(true))
print(accel.unit, accel.value.z > 5)
L
run "$build/instinct" run "$scratch/robot.lua" --virtual --config "$desk"
expect_status 0 "with a robot"
expect_line '^touched	true$' "its sensors run"
expect_line '^m/s\^2	true$' "its values are there"
passed "--config brings the robot's values"

printf 'print "waiting" sleep(1e9)\n' >"$scratch/long.lua"
run "$build/instinct" run "$scratch/long.lua" --duration 2s --virtual
expect_status 0 "--duration"
passed "--duration ends it"

mkfifo "$scratch/out"
"$build/instinctd" --run "$scratch/long.lua" >"$scratch/out" 2>/dev/null &
pid=$!
exec 3<"$scratch/out"
until_said waiting
kill -INT "$pid"
until_silent
until_ended 0 "Ctrl-C"
passed "Ctrl-C ends it"

cat >"$scratch/polite.lua" <<'L'
print "waiting"
print(AsyncValue(false):wait_value(true, { soft = true }))
print("farewell", cancelling())
sleep(3600)
L
"$build/instinctd" --run "$scratch/polite.lua" >"$scratch/out" 2>/dev/null &
pid=$!
exec 3<"$scratch/out"
until_said waiting
kill -TERM "$pid"
until_said ""
[ "$line" = "nil	cancelling" ] || fail "the first signal ends soft waits: $line"
until_said ""
[ "$line" = "farewell	true" ] || fail "and nothing else: $line"
kill -TERM "$pid"
until_ended 0 "the second signal"
passed "R10: the first SIGTERM asks, the second ends"

cat >"$scratch/never.lua" <<'L'
local answer = channel(0)
nursery(function(n)
	n:start(function() answer:receive() end)
	Event():wait()
end)
L
run "$build/instinct" run "$scratch/never.lua" --virtual
expect_status 1 "a program that waits for what cannot come"
expect_line 'never\.lua: nothing can happen any more; its tasks wait for:' "it is told so"
expect_line 'script: waits for event' "what for"
expect_line '^ +never\.lua:3: waits for channel to receive' "each of its tasks"
if grep -qE '(signals|clock|stuck|program): ' <<<"$out"; then fail "tasks that are not the program's: $out"; fi
passed "a program on the virtual clock that waits for what cannot come ends, and says for what"
