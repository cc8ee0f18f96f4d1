#!/usr/bin/env bash
# Faults on demand in parts of a device: the second chip in its package, its data-ready line, lines that the daemon drives.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

cat >"$scratch/robot.jsonc" <<'J'
{
  "buses": { "body": { "path": "sim" }, "other": { "path": "sim" } }, "gpio": "sim", "dev": { "faults": true },
  "sensors": {
    "imu": { "driver": "icm20948", "bus": "body", "address": "0x69", "irq": "GPIO17", "icm20948": { "rate": "100Hz" } },
    "nine": { "driver": "mpu9250", "bus": "other" }, // its magnetometer has the same address
    "front": { "driver": "hcsr04", "line": "GPIO5", "trigger": "GPIO6" },
    "left": { "driver": "vl53l0x", "bus": "body", "address": "0x30", "xshut": "GPIO7" },
    "head": { "driver": "gpio_button", "line": "GPIO22" }
  }
}
J
"$build/instinctd" --config "$scratch/robot.jsonc" 2>"$log" &
pid=$!
roles='imu nine front left head'
for role in $roles; do
	within value_is "health.$role" '^running$' || fail "$role does not run: $(<"$log")"
done

# all_run_but ROLE... : and these do not.
all_run_but()
{
	local role
	for role in $roles; do
		if [[ " $* " == *" $role "* ]]; then
			value_is "health.$role" '^(failing|lost)$' || return 1
		else
			value_is "health.$role" '^running$' || return 1
		fi
	done
}

for role in imu nine; do
	fault "$role.second" nack always
	within all_run_but "$role" || fail "$role.second: $("$build/instinct" drivers)"
	within says "$role: [a-z]+ -> (failing|lost): " || fail "it is not said: $(<"$log")"
	fault "$role.second" nack 0
	within all_run_but || fail "$role does not come back: $(<"$log")"
done
passed "a magnetometer that does not answer, at its own address: its role fails, and comes back"

fault imu.irq lose always
within says 'imu: [a-z]+ -> [a-z]+: no data-ready edge on GPIO17 for [0-9]+ ms' || fail "the line: $(<"$log")"
within all_run_but imu || fail "the rest does not run: $("$build/instinct" drivers)"
fault imu.irq lose 0
within all_run_but || fail "imu does not come back: $(<"$log")"
fault imu.irq gone always
within says 'imu: [a-z]+ -> [a-z]+: line GPIO17: its chip has gone' || fail "the line's chip: $(<"$log")"
within all_run_but imu || fail "the rest does not run"
fault imu.irq gone 0
within all_run_but || fail "imu does not come back: $(<"$log")"
passed "a data-ready line that falls silent, or goes"

fault front.trigger stuck always
within says 'front: [a-z]+ -> [a-z]+: the echo line GPIO5 does not rise' || fail "the trigger: $(<"$log")"
within all_run_but front || fail "the rest does not run"
fault front.trigger stuck 0
within all_run_but || fail "front does not come back: $(<"$log")"
passed "a trigger that never fires"

# A chip that runs needs no reset. One that failed does, and is not where chips start.
fault left.xshut stuck always
within all_run_but || fail "it failed without need: $(<"$log")"
fault left nack always
within all_run_but left || fail "the rest does not run"
: >"$log"
fault left nack 0
within says 'left: [a-z]+ -> [a-z]+: no answer at 0x29, where it starts, after the line GPIO7 reset it' || fail "it is not held in reset: $(<"$log")"
fault left.xshut stuck 0
within all_run_but || fail "left does not come back: $(<"$log")"
passed "a reset line that is stuck: a chip that fails cannot be given its address again"

fault_refused 'no part "irk" of a device; there are second, irq, trigger, xshut.*did you mean "irq"' imu.irk lose
fault_refused 'left has no second chip, at an address of its own, to misbehave' left.second nack
fault_refused 'head has no second chip' head.second nack
fault_refused 'nine has no line "irq" to misbehave' nine.irq lose
fault_refused 'imu has no line "xshut" to misbehave' imu.xshut stuck
fault_refused 'front has no line "irq"' front.irq lose
fault_refused 'no fault "lose" for it; there are stuck, gone' front.trigger lose
fault_refused 'there are nack, timeout' imu.second stuck
fault_refused 'no device "imv.irq"' imv.irq lose
passed "what has no such part, or no such fault, is said"

kill -TERM "$pid"
until_ended 0 "SIGTERM"
passed "it stops"
