# What the tests of the service share: the package as it is installed, and the unit in place of a daemon of ours.
# shellcheck shell=bash
# shellcheck source=tests/hil/lib.sh
. "${INSTINCT_SOURCE:?the root of the sources}/tests/hil/lib.sh"

unit=instinct.service

# show PROPERTY
show()
{
	systemctl show -P "$1" $unit
}

shows()
{
	[ "$(show "$1")" = "$2" ]
}

# The journal is the log here; what systemd itself says of the unit does not count.
journal_has()
{
	grep -qE -- "$1" < <(journalctl -q -o cat _SYSTEMD_UNIT=$unit)
}

fail()
{
	printf 'FAIL: %s\nstatus %s, output:\n%s\n' "$1" "${status:-?}" "${out:-}" >&2
	systemctl status --no-pager -n 40 $unit >&2 || true
	exit 1
}

# The files, as the package has them. Wants them in $INSTINCT_STAGE.
install_files()
{
	cp -a "${INSTINCT_STAGE:?where the package was put together}"/. /
	mkdir -p /etc/instinct/conf.d
	cp "$source/config/robot.jsonc" /etc/instinct/instinct.jsonc
}

# Users, groups and the nodes that there are.
install_rules()
{
	systemd-sysusers
	systemctl daemon-reload
	udevadm control --reload
	udevadm trigger --settle --subsystem-match=gpio --subsystem-match=i2c-dev
}
