#!/usr/bin/env bash
# A robot is asked to stop (C7, R10): a behaviour with a grace that looks at cancelling() ends in its own time.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

cat >"$scratch/robot.jsonc" <<END
{ "version": 1, "robot": { "name": "polite" },
  "behaviours": { "polite": { "script": "$scratch/polite.lua" }, "deaf": { "script": "$scratch/deaf.lua" } } }
END
cat >"$scratch/polite.lua" <<'L'
return behaviour {
	grace = 3600,
	run = function()
		print "waits"
		while not cancelling() do
			AsyncValue(false):wait_value(true, { soft = true })
		end
		sleep(0)
		print("asked", cancelling())
	end,
}
L
cat >"$scratch/deaf.lua" <<'L'
return behaviour {
	grace = 3600,
	run = function() sleep(1e9) end,
	wind_down = function(why) print("leaves", why) end,
}
L

mkfifo "$scratch/out"
"$build/instinctd" --config "$scratch/robot.jsonc" --view >"$scratch/out" 2>&1 &
pid=$!
exec 3<"$scratch/out"
until_said "polite: waits"
kill -TERM "$pid"
while IFS= read -rt "$patience" line <&3; do
	out=${out:-}$line$'\n'
	case $line in *"polite left: stopping: Terminated"*) break ;; *"polite failed"* | *"deaf left"*) fail "$line" ;; esac
done
expect_line 'polite left: stopping: Terminated' "it leaves in its own time"
expect_line 'polite: asked	true' "it was asked, and goes on waiting where it does not say soft"
kill -0 "$pid" || fail "it does not wait for the one that does not listen"
passed "the first SIGTERM asks: who listens ends in its own time"

kill -TERM "$pid"
until_silent
until_ended 0 "the second signal"
passed "the second SIGTERM ends who does not listen"
