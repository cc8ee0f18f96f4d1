#!/usr/bin/env bash
# Real device nodes that misbehave: unplugged, silent, slow, held. Each is one clear line in the log; the rest goes
# on, and what comes back is used again. (What is wrong from the beginning: mistakes.sh.)
# shellcheck source=tests/hil/lib.sh
. "$(dirname "$0")/lib.sh"

unplugged=4294967295

robot_without_irq
make_board
start_daemon "${robot[@]}"
for role in imu head pwm0 led; do
	expect_value "health.$role" '^running$' "at first"
done
passed "a board in good health"

hil-i2c opt 0x68 fail_count 1
within file_is /sys/kernel/debug/i2c-regs/68/failed 1 || fail "the fault has not happened"
expect_value health.imu '^running$' "a fault that happens once"
log_has 'imu: .*ENXIO' && fail "a single fault is no news"
passed "one failed transfer is made again, without a word"

mark_log
hil-i2c opt 0x68 fail_count $unplugged
expect_log 'imu: [a-z]+ -> [a-z]+: no answer at 0x68 \(ENXIO\), retry [0-9]+ in [0-9]+ ms' "unplugged"
expect_value health.imu '^(failing|lost)$' "unplugged"
expect_log 'imu: failing -> lost: no answer at 0x68 \(ENXIO\), retry [0-9]+ in 5000 ms' "for long"
within answers 'imu\.accel *stale' "$build/instinct" values 'imu.*' || fail "the values are not stale"
expect_value health.pwm0 '^running$' "the other chip on the bus"
hil-i2c opt 0x68 fail_count 0
expect_log 'imu: lost -> running: mpu6050 at 0x68, after [0-9.]+ s and [0-9]+ retries' "plugged in"
changes=$(tail -n +$((mark + 1)) "$log" | grep -oE 'imu: [a-z]+ -> [a-z]+' | awk '$2 != $4' | wc -l)
[ "$changes" = 3 ] || fail "three changes, not one for each attempt"
passed "a chip that is unplugged and plugged in again: three changes of state, and it is set up anew"

mark_log
hil-i2c opt 0x68 fail_errno 110
hil-i2c opt 0x68 fail_count 2
expect_log 'imu: [a-z]+ -> [a-z]+: no answer in time at 0x68 \(ETIMEDOUT\)' "a silent bus"
expect_log 'imu: [a-z]+ -> running' "it recovers"
passed "transfers that time out"

# EAGAIN is what adapters say that never see both lines high.
mark_log
hil-i2c opt 0x68 fail_errno 11
hil-i2c opt 0x68 fail_count $unplugged
expect_log 'imu: [a-z]+ -> [a-z]+: bus body is never free \(EAGAIN\); is SDA or SCL held low\?' "a bus held low"
expect_value health.pwm0 '^running$' "the other chip on the bus"
hil-i2c opt 0x68 fail_count 0
expect_log 'imu: [a-z]+ -> running' "it recovers"
passed "a bus that is held low"

# A chip that holds the bus for as long as ten periods: the loop must not wait with it.
hil-i2c opt 0x68 delay_us 50000
for _ in 1 2 3; do
	run "$build/instinct" status
	expect_status 0 "it answers while a transfer hangs"
done
hil-i2c opt 0x68 delay_us 0
passed "a slow chip does not hold up the daemon"

# What a wrong chip is called when it is plugged in there.
mark_log
hil-i2c set 0x68 0x75 0x70
hil-i2c opt 0x68 fail_errno 6
hil-i2c opt 0x68 fail_count 2
expect_log 'imu: [a-z]+ -> [a-z]+: no answer at 0x68' "it fails"
expect_log 'imu: [a-z]+ -> [a-z]+: 0x68 is MPU-6500: ' "another chip in its place"
make_imu
expect_log 'imu: [a-z]+ -> running' "the right one again"
passed "another chip at the address is called by its name"

# The board's lines go away, as those of a USB adapter do, and come back.
mark_log
hil-gpio del board
expect_log 'head: [a-z]+ -> [a-z]+: line GPIO22: its chip has gone' "the chip with the button is gone"
expect_log 'led: [a-z]+ -> [a-z]+: line GPIO18: its chip has gone' "the light, which nobody switches"
expect_log 'head: [a-z]+ -> [a-z]+: no chip has a line GPIO22' "it is looked for again"
hil-gpio add board 32 17=GPIO17 18=GPIO18 22=GPIO22 >/dev/null
hil-gpio set board GPIO22 1
expect_log 'head: [a-z]+ -> running: gpio_button at GPIO22, after' "the chip is back"
expect_value health.head '^running$' "the chip is back"
expect_value health.led '^running$' "the chip is back"
passed "lines that go away and come back"

# Stopped while nothing answers on the bus.
for addr in 0x40 0x68; do
	hil-i2c opt "$addr" fail_count $unplugged
done
stop_daemon
expect_status 0 "SIGTERM without a bus"
[ "$took" -le 15 ] || fail "SIGTERM without a bus took $took s"
expect_log 'pwm0: the safe state was not sent: ' "it is said"
for addr in 0x40 0x68; do
	hil-i2c opt "$addr" fail_count 0
done
passed "SIGTERM with a dead bus: after $took s, saying what could not be done"

# A chip of plain memory stands for the multiplexer: it acknowledges what sets the channel.
robot_with mux '{
  "buses": { "far": { "mux": "tca9548a", "on": "body", "address": "0x39", "channel": 2 } },
  "sensors": { "imu": { "bus": "far" } },
}'
switched()
{
	hil-i2c opt 0x39 xfers
}
before=$(switched)
start_daemon "${changed[@]}"
expect_log 'imu: [a-z]+ -> running: mpu6050 at 0x68' "behind the multiplexer"
expect_value health.pwm0 '^running$' "before it"
expect_value imu.accel '^-?0 +-?0 +9\.80[67]' "it measures"
[ $(($(switched) - before)) -le 2 ] || fail "the channel is set again and again: $before, $(switched)"
hil-i2c opt 0x39 fail_count $unplugged
mark_log
hil-i2c opt 0x68 fail_count 1
expect_log 'imu: .*no answer from the multiplexer at 0x39, behind which bus far is \(ENXIO\)' "it is the multiplexer"
expect_value health.pwm0 '^running$' "before it"
hil-i2c opt 0x39 fail_count 0
expect_log 'imu: [a-z]+ -> running' "it is back"
stop_daemon
expect_status 0 "SIGTERM"
passed "behind a multiplexer: the channel is set once, and again after a fault"

# A bus that comes late, and goes, as that of a USB adapter: here the link that leads to it does.
robot_with late "{ \"buses\": { \"body\": { \"path\": \"$scratch/bus\" } } }"
start_daemon "${changed[@]}"
expect_log "imu: [a-z]+ -> [a-z]+: there is no $scratch/bus; there is /dev/i2c-0, /dev/i2c-1" "without its bus"
expect_value health.head '^running$' "the rest runs"
expect_value health.pwm0 '^(failing|lost)$' "the other role on the bus"
ln -s /dev/i2c-1 "$scratch/bus"
expect_log 'imu: [a-z]+ -> running: mpu6050 at 0x68, after' "the bus has come"
expect_log 'pwm0: [a-z]+ -> running: pca9685 at 0x40, after' "for both"
mark_log
rm "$scratch/bus"
expect_log "imu: [a-z]+ -> [a-z]+: there is no $scratch/bus; " "the bus has gone"
[ -z "$(find "/proc/$daemon/fd" -lname '/dev/i2c-1')" ] || fail "the adapter is still open"
ln -s /dev/i2c-1 "$scratch/bus"
expect_log 'imu: [a-z]+ -> running' "the bus has come again"
passed "a bus that comes late, goes and comes again"

# A transfer that does not return: the thread is in the kernel for 15 s.
mark_log
hil-i2c opt 0x68 delay_us 15000000
expect_log 'imu: [a-z]+ -> [a-z]+: bus body hangs: a transfer to 0x68 does not return; is SDA or SCL held low\?' "it is seen"
start=$SECONDS
run "$build/instinct" status
expect_status 0 "it answers"
[ $((SECONDS - start)) -le 12 ] || fail "the loop waits with the bus"
hil-i2c opt 0x68 delay_us 0
expect_log 'imu: [a-z]+ -> running' "the bus is free again"
mark_log
hil-i2c opt 0x68 delay_us 5000000
expect_log 'imu: [a-z]+ -> [a-z]+: bus body hangs' "again"
stop_daemon
expect_status 0 "SIGTERM while a transfer hangs"
expect_log 'pwm0: the safe state was not sent: ' "it is said"
hil-i2c opt 0x68 delay_us 0
passed "a transfer that does not return: seen, the daemon answers, and ends after $took s"
