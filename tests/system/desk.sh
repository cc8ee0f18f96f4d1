#!/usr/bin/env bash
# The desk robot as a whole: it senses, its behaviours react, its actuators get pulses; on the virtual clock.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

desk=$source/config/desk.jsonc

run "$build/instinctd" --config "$desk" --view --speed max --duration 10s
expect_status 0 "ten seconds of the desk robot"
expect_line 'health\.imu is running' "the motion sensor is found"
expect_line 'head\.touched is true' "it feels a touch"
expect_line 'motion\.shaken is true' "it feels that it is shaken"
expect_line 'nod starts' "it nods when touched"
expect_line 'dizzy starts' "it is dizzy when shaken"
expect_line 'tilt [+-][1-9].* us\)' "the servo gets pulses"
expect_line 'led on' "the light goes on"
[ "$(grep -c 'sense  head\.touched is true' <<<"$out")" -eq "$(grep -c 'nod starts' <<<"$out")" ] ||
	fail "each touch is told once"
! grep -qE 'sense  .* or .* is' <<<"$out" || fail "what a behaviour waits for is no sense"
passed "touched: nods; shaken: dizzy; pulses and light come out"

run_quietly "$build/instinctd" --config "$desk" --view --speed max --duration 10s
first=$out
[ "$(grep -m1 'head.touched is true' <<<"$first" | awk '{print ($1 < 5)}')" = 1 ] ||
	fail "nothing happens within 5 s"
passed "something happens within 5 s"

run_quietly "$build/instinctd" --config "$desk" --view --speed max --duration 10s
[ "$out" = "$first" ] || fail "two runs on the virtual clock differ: $(diff <(echo "$first") <(echo "$out"))"
passed "the same input gives the same decisions"

sed 's/"depth_rad": 0.35/"depth_rad": 0.15/' "$desk" >"$scratch/less.jsonc"
run_quietly "$build/instinctd" --config "$scratch/less.jsonc" --view --speed max --duration 10s
expect_status 0 "another number"
[ "$out" != "$first" ] || fail "a changed parameter changes nothing"
passed "a number changed in the config changes what it does"

# On the real clock, stopped by a signal as from the keyboard, once it has begun to work.
mkfifo "$scratch/out"
"$build/instinctd" --config "$desk" --view >"$scratch/out" 2>&1 &
pid=$!
exec 3<"$scratch/out"
until_said "health.imu is running"
kill -INT "$pid"
until_silent
until_ended 0 "Ctrl-C"
passed "Ctrl-C ends it cleanly"
