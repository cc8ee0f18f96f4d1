#!/usr/bin/env bash
# The daemon as a service: installed, ready, fed to the watchdog, stopped safely, started again when it
# was killed, and not when its configuration is wrong. Wants the installed files in $INSTINCT_STAGE.
# shellcheck source=tests/hil/service_lib.sh
. "$(dirname "$0")/service_lib.sh"

install_files
cat >/etc/instinct/conf.d/10-bench.jsonc <<'J'
{
  "sensors": {
    "imu": { "irq": "" }, // nothing drives the line here
    // A chip that the kernel drives, through its buffer: files and a node of its own.
    "cell": {
      "driver": "iio", "device": "ina219",
      "iio": { "channels": [{ "voltage": "voltage1" }], "rate": "10Hz", "buffer": true },
    },
  },
  "behaviours": { "nod": { "params": { "seconds": 3 } } },
}
J
make_board
install_rules
modprobe ina2xx-adc
hil-i2c opt 0x44 width16 Y
hil-i2c set 0x44 0 0x39 0x9f 0x01 0xf4 0x5d 0xc2
echo ina219 0x44 >/sys/bus/i2c/devices/i2c-1/new_device
udevadm settle
iio=$(echo /sys/bus/i2c/devices/1-0044/iio:device*)
slow_down "$iio"
expect_owner iio 660 "/dev/${iio##*/}" "the udev rule of IIO devices"
expect_owner iio 664 "$iio/buffer/enable" "the udev rule of their settings"
expect_owner i2c 660 /dev/i2c-1 "the udev rule of the buses"
expect_owner gpio 660 "/dev/$(hil-gpio chip board)" "the udev rule of the lines"
systemd-analyze verify --man=no /usr/lib/systemd/system/$unit >"$scratch/verify" 2>&1 || true
! grep "$unit" "$scratch/verify" || fail "systemd-analyze verify: $(<"$scratch/verify")"
passed "installed: users, groups, permissions, unit"

run systemctl start $unit
expect_status 0 "systemctl start"
run systemctl status --no-pager $unit
expect_status 0 "systemctl status"
expect_line 'Active: active \(running\)' "it runs"
[ "$(ps -o user= -p "$(show MainPID)")" = instinct ] || fail "it runs as instinct"
export XDG_RUNTIME_DIR=/nowhere # the service's own folder is looked at first
for role in imu head pwm0 led cell; do
	expect_value "health.$role" '^running$' "inside the sandbox"
done
expect_value cell.voltage '^12$' "a buffer of the kernel"
passed "Type=notify: ready, running as its own user, with buses and lines"

run setpriv --reuid nobody --regid nogroup --groups "$(getent group instinct | cut -d: -f3)" \
	/usr/bin/instinct status
expect_status 0 "a member of the group"
run setpriv --reuid nobody --regid nogroup --clear-groups /usr/bin/instinct status
[ "$status" != 0 ] || fail "anybody may ask"
passed "members of its group may ask it, others not"

# Half as long again as WatchdogSec=: unfed it would be dead.
pid=$(show MainPID)
fed=$(show WatchdogTimestampMonotonic)
watchdog_fed()
{
	local now
	now=$(show WatchdogTimestampMonotonic)
	((now - fed > 15000000))
}
within watchdog_fed || fail "the watchdog is not fed"
[ "$(show NRestarts) $(show MainPID)" = "0 $pid" ] || fail "it did not live on"
passed "the watchdog is fed"

# entered FIELD=VALUE... : the daemon itself has made such an entry.
entered()
{
	[ -n "$(journalctl -q -o cat _SYSTEMD_UNIT=$unit _TRANSPORT=journal "$@")" ]
}
entered PRIORITY=5 INSTINCT_TASK=imu SYSLOG_IDENTIFIER=instinctd || fail "no notice of the task imu"
journal_has 'imu: [a-z]+ -> running: mpu6050 at 0x68' || fail "the notice does not say what it is"
hil-i2c opt 0x68 fail_count 4
within entered PRIORITY=4 INSTINCT_TASK=imu || fail "no warning of the task imu"
expect_value health.imu '^running$' "healed"
passed "journal entries have their priority and their task"

systemctl kill -s USR1 --kill-who=main $unit
within journal_has '^ *(imu|head): waits for' || fail "SIGUSR1 shows no tasks"
passed "SIGUSR1: the tasks are in the journal"

# In the middle of a nod.
led=$(level_file 18)
hil-i2c set 0x40 0xfd 0x00
hil-gpio set board GPIO22 0
within file_is "$led" 1 || fail "the light does not go on"
start=$SECONDS
systemctl stop $unit
took=$((SECONDS - start))
[ "$took" -le 15 ] || fail "it took $took s to stop"
shows Result success || fail "stopped: $(show Result)"
file_is "$led" 0 || fail "the light is left on"
[ "$(hil-i2c get 0x40 0xfd)" = 0x10 ] || fail "the servos are left with pulses"
passed "stopped in $took s, the light off and the servos limp"

hil-gpio set board GPIO22 1
systemctl start $unit
pid=$(show MainPID)
systemctl kill -s KILL --kill-who=main $unit
restarted()
{
	shows NRestarts 1 && shows ActiveState active
}
within restarted || fail "not started again after SIGKILL"
[ "$(show MainPID)" != "$pid" ] || fail "the same process"
expect_value health.imu '^running$' "after SIGKILL"
passed "killed: started again, the sockets taken over"
systemctl stop $unit

printf '{ "sensors": { "imu": { "drivr": "x" } } }\n' >/etc/instinct/conf.d/20-wrong.jsonc
systemctl reset-failed
run systemctl start $unit
[ "$status" != 0 ] || fail "a wrong configuration starts"
within shows ActiveState failed || fail "it is not failed but $(show ActiveState)"
[ "$(show ExecMainStatus) $(show NRestarts)" = "78 0" ] ||
	fail "exit status and restarts: $(show ExecMainStatus) $(show NRestarts)"
journal_has '20-wrong.jsonc:1:[0-9]+: sensors.imu.drivr: ' || fail "the journal does not say where"
passed "a wrong configuration: the journal says where, and it is not tried again"
rm /etc/instinct/conf.d/20-wrong.jsonc

# A unit that lost its groups: the reason must be in the journal.
mkdir -p /etc/systemd/system/$unit.d
printf '[Service]\nSupplementaryGroups=\n' >/etc/systemd/system/$unit.d/groups.conf
systemctl daemon-reload
systemctl reset-failed
systemctl start $unit
within journal_has 'imu: .*no permission for /dev/i2c-1: it is for the group i2c \(mode 0660\); adduser instinct i2c' ||
	fail "the journal does not name the group"
passed "without its groups: the journal names the missing one, and what to do"
