#!/usr/bin/env bash
# Parameters of fusion are changed while the robot runs: they take effect, and what was learnt stays.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

conf=$scratch/robot.jsonc

# still_and_moving STILL MOVING: both in one snapshot.
still_and_moving()
{
	local values
	values=$("$build/instinct" values 'motion.*' 2>/dev/null)
	grep -qE "motion\.still +ok .* $1\$" <<<"$values" && grep -qE "motion\.moving +ok .* $2\$" <<<"$values"
}

# bias_is_known LIMIT: its sigma is below that, in rad/s.
bias_is_known()
{
	local sigma
	sigma=$("$build/instinct" get attitude.gyro_bias_sigma 2>/dev/null) || return 1
	awk -v sigma="${sigma%% *}" -v limit="$1" 'BEGIN { exit !(sigma > 0 && sigma < limit) }'
}

# reload WHAT: it is planned, and done, at once.
reload()
{
	run "$build/instinct" plan
	expect_line "$1.*applied at once" "the plan"
	run "$build/instinct" reload
	expect_status 0 "reload of $1"
}

cat >"$conf" <<'J'
{
  "version": 1, "gpio": "sim",
  "buses": { "body": { "path": "sim" } },
  "sensors": {
    "imu": { "driver": "mpu6050", "bus": "body", "irq": "GPIO17" },
    "baro": { "driver": "bmp280", "bus": "body" },
    "t1": { "driver": "tmp102", "bus": "body" },
  },
  "fusion": {
    "attitude": { "imu": "imu", "vqf": { "rest_acc": "0.5m/s^2" } },
    "altitude": { "pressure": "baro", "imu": "imu", "tau": "1s" },
    "motion": { "moving": { "accel": "0.5m/s^2" } },
    "values": {
      "warm": { "of": "t1.temperature", "above": "40degC", "below": "35degC" },
      "warm.long": { "of": "warm", "filters": [ { "delayed_on": "10min" } ] },
    },
  },
}
J
"$build/instinctd" --config "$conf" 2>"$scratch/log" &
pid=$!
within still_and_moving true false || fail "it does not rest: $(<"$scratch/log")"
within value_is warm '^false$' || fail "25 degrees are not warm"
within bias_is_known 0.004 || fail "rest teaches no bias: $("$build/instinct" get attitude.gyro_bias_sigma)"

# Accelerations that noise has, too, are motion: at rest, which else excludes it.
sed -i 's|"accel": "0.5m/s^2"|"accel": "0.05m/s^2", "after": "0s", "gap": "10s"|' "$conf"
reload 'fusion\.motion\.moving\.accel'
within still_and_moving true true || fail "motion: $("$build/instinct" values 'motion.*')"
passed "thresholds of motion events"

# Noise ends rest. The bias that was learnt stays: it is known far better than the 0.0087 rad/s of a start.
sed -i 's|"rest_acc": "0.5m/s^2"|"rest_acc": "0.001m/s^2"|' "$conf"
reload 'fusion\.attitude\.vqf\.rest_acc'
within value_is motion.still '^false$' || fail "rest: $("$build/instinct" values 'motion.*')"
bias_is_known 0.006 || fail "the bias was forgotten: $("$build/instinct" get attitude.gyro_bias_sigma)"
within value_is attitude.degraded '^false$' || fail "it counts as trouble"
passed "parameters of the orientation filter, and the bias stays"

sed -i 's|"tau": "1s"|"tau": "30s"|' "$conf"
reload 'fusion\.altitude\.tau'
within answers '^altitude\.height +ok' "$build/instinct" values 'altitude.*' || fail "the height does not go on"
passed "the altitude's time"

# The value goes on under its name; who is made of it, and waits for it, follows.
"$build/instinct" watch warm >"$scratch/watch" &
watch=$!
within grep -q false "$scratch/watch" || fail "nothing to watch"
sed -i 's|"above": "40degC", "below": "35degC"|"above": "20degC", "below": "15degC"|; s|"10min"|"100ms"|' "$conf"
reload 'fusion\.values\.warm\.above'
within grep -q true "$scratch/watch" || fail "the limit: $("$build/instinct" values 'warm*')"
within value_is warm.long '^true$' || fail "the filter: $("$build/instinct" values 'warm*')"
passed "limits and filters of values"

# All or nothing: what a value is made of needs a restart, so the limit beside it is not changed either.
sed -i 's|"above": "20degC"|"above": "60degC"|; s|"below": "15degC"|"below": "50degC"|; s|"of": "t1.temperature"|"of": "baro.temperature"|' "$conf"
run "$build/instinct" reload
expect_status 1 "another source"
expect_line 'not while it runs: fusion\.values\.warm\.of' "the reason"
value_is warm '^true$' || fail "the old limit does not hold"
passed "what cannot be changed is refused with all the rest"

kill "$watch"
kill -TERM "$pid"
until_ended 0 "SIGTERM"
passed "it stops"
