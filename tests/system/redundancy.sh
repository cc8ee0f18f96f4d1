#!/usr/bin/env bash
# Three thermometers vote: one fails, or is wrong. That is an event of its health, and no jump of the value.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

# watched : a watch of the value begins; no_jump ends it.
watched()
{
	: >"$scratch/watch"
	"$build/instinct" watch --json room.temperature >"$scratch/watch" &
	watch=$!
	within grep -q '"v"' "$scratch/watch" || fail "nothing to watch"
}

# Led over in 2 s, a third of a degree is 0.17 in a second, in steps of a quarter of one; on a machine that stands still
# for some time they are as much greater.
no_jump()
{
	within grep -qE '"v":25(\.[01][0-9]*)?,' "$scratch/watch" || fail "the watch does not follow: $(<"$scratch/watch")"
	kill "$watch"
	/usr/bin/python3 -c '
import json, sys
rows = [json.loads(line) for line in sys.stdin]
rows = [(int(m["mono"]) * 1e-9, m["v"]) for m in rows if m["name"] == "room.temperature" and m["state"] == "ok"]
for (t, v), (t_next, v_next) in zip(rows, rows[1:]):
    if abs(v_next - v) > 0.2 * (t_next - t) + 0.05:
        sys.exit(f"from {v} to {v_next} in {t_next - t} s")
sys.exit(0 if len(set(v for _, v in rows)) > 1 else "it does not change")' <"$scratch/watch" ||
		fail "a jump: $(<"$scratch/watch")"
}

# The third one shows a degree more than the others, so that losing it matters: the mean is 25.33, then 25.
cat >"$scratch/robot.jsonc" <<'J'
{
  "version": 1, "gpio": "sim", "dev": { "faults": true },
  "buses": { "body": { "path": "sim" } },
  "sensors": {
    "t1": { "driver": "tmp102", "bus": "body", "address": "0x48" },
    "t2": { "driver": "lm75", "bus": "body", "address": "0x49" },
    "t3": { "driver": "tmp102", "bus": "body", "address": "0x4a", "filters": [ { "offset": 1 } ] },
  },
  "fusion": { "values": {
    "room.temperature": { "of": ["t1.temperature", "t2.temperature", "t3.temperature"], "combine": "vote",
                          "tolerance": 1.5, "settle": "2s" },
  } },
}
J
"$build/instinctd" --config "$scratch/robot.jsonc" 2>"$log" &
pid=$!
within value_is health.room.temperature '^running$' || fail "the vote does not run: $(<"$log")"
within value_is room.temperature '^25\.3' || fail "the mean of three: $("$build/instinct" values)"
passed "three sources of one temperature are used"

watched
run "$build/instinct" fault t3 nack always
expect_status 0 "a fault on demand"
within value_is health.room.temperature '^degraded$' || fail "a lost source is no event: $(<"$log")"
within value_is room.temperature.sources 't3.temperature=silent|"t3.temperature": *"silent"' ||
	fail "who is not used: $("$build/instinct" get room.temperature.sources)"
within says 'room\.temperature: goes on without t3\.temperature, which says nothing' || fail "the log: $(<"$log")"
within value_is health.t3 '^(failing|lost)$' || fail "the sensor's own health"
within value_is room.temperature '^25(\.[01][0-9]*)?( |$)' || fail "the mean of two: $("$build/instinct" values)"
no_jump
passed "losing one is an event of health, with who and why, and no jump"

run "$build/instinct" fault t3 nack 0
within value_is health.room.temperature '^running$' || fail "it does not come back: $(<"$log")"
within says 'room\.temperature: t3\.temperature is used again' || fail "the log: $(<"$log")"
within value_is room.temperature '^25\.3' || fail "the mean of three: $("$build/instinct" values)"
passed "it comes back"

watched
# A falseticker: it answers, but says what the others do not.
sed -i 's/"offset": 1/"offset": 6/' "$scratch/robot.jsonc"
run "$build/instinct" reload
expect_status 0 "another offset"
within says 'room\.temperature: goes on without t3\.temperature, which is off by [56](\.[0-9]+)? degC' ||
	fail "the log: $(<"$log")"
within value_is room.temperature.sources 'left out' || fail "who is left out: $("$build/instinct" values)"
within value_is health.room.temperature '^degraded$' || fail "the health of the vote"
within value_is health.t3 '^running$' || fail "the health of the sensor, which answers"
within value_is room.temperature '^25(\.[01][0-9]*)?( |$)' || fail "the mean of two: $("$build/instinct" values)"
no_jump
passed "a falseticker is left out, named with how far it is off, and no jump"

# All silent: nobody knows.
for t in t1 t2 t3; do
	run "$build/instinct" fault "$t" nack always
done
within value_is health.room.temperature '^lost$' || fail "all are silent: $("$build/instinct" values)"
within answers '^room\.temperature +stale' "$build/instinct" values room.temperature || fail "the value does not say that it is old"
passed "without any source it is lost, and stale"

kill -TERM "$pid"
until_ended 0 "SIGTERM"
passed "it stops"
