#!/usr/bin/env bash
# The service takes over a changed configuration while it runs: one word is edited, and another chip measures.
# shellcheck source=tests/hil/service_lib.sh
. "$(dirname "$0")/service_lib.sh"

conf=/etc/instinct/conf.d/10-bench.jsonc

install_files
cat >$conf <<'J'
{
  "sensors": {
    "imu": { "irq": "" },
    "room": { "driver": "tmp102", "bus": "body" },
  },
}
J
make_board
make_tmp102
make_bosch 0x76 0x58
install_rules
run systemctl start $unit
expect_status 0 "systemctl start"
export XDG_RUNTIME_DIR=/nowhere # the service's own folder is looked at first
expect_value room.temperature '^25\.5$' "the TMP102"
pid=$(show MainPID)

# took_over WHAT : it runs as before, and was told so to the service manager.
took_over()
{
	within shows ActiveState active || fail "$1: it is $(show ActiveState)"
	[ "$(show MainPID) $(show NRestarts)" = "$pid 0" ] || fail "$1: it was started again"
	expect_value health.imu '^running$' "$1: the rest"
}

sed -i 's/tmp102/bmp280/' $conf
run systemctl reload $unit
expect_status 0 "systemctl reload"
took_over "systemctl reload"
expect_value room.temperature '^25\.08' "the BMP280"
expect_value room.pressure '^10065' "the BMP280"
passed "systemctl reload: one word is edited, and another chip measures; the process is the same"

# A signal has nobody who waits: that it reloads the manager knows only from RELOADING=1 and READY=1.
sed -i 's/bmp280/tmp102/' $conf
before=$(show StateChangeTimestampMonotonic)
systemctl kill -s HUP --kill-who=main $unit
expect_value room.temperature '^25\.5$' "the TMP102 again"
took_over "SIGHUP"
[ "$(show StateChangeTimestampMonotonic)" != "$before" ] || fail "the manager was not told of the reload"
passed "SIGHUP: the same, and the manager is told when it begins and ends"

sed -i 's/tmp102/tmp103/' $conf
run systemctl reload $unit
[ "$status" != 0 ] || fail "a wrong configuration is taken over"
within journal_has '10-bench.jsonc:4:[0-9]+: sensors.room.driver: .*"tmp103".*did you mean "tmp102"' ||
	fail "the journal does not say where"
took_over "a wrong configuration"
expect_value room.temperature '^25\.5$' "the old chip"
passed "a wrong configuration: systemctl reload fails, the journal says where, the old one goes on"

sed -i 's/tmp103/sht31/' $conf
run systemctl reload $unit
[ "$status" != 0 ] || fail "a chip that is not there is taken over"
within journal_has 'no sht31 there: ' || fail "the journal does not say why"
took_over "a chip that is not there"
expect_value room.temperature '^25\.5$' "the old chip"
passed "a chip that is not there: the same"
systemctl stop $unit
