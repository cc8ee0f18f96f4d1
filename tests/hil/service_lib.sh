# What the tests of the service share: the package as it is installed, and the unit in place of a daemon of ours.
# shellcheck shell=bash
# shellcheck source=tests/hil/lib.sh
. "${INSTINCT_SOURCE:?the root of the sources}/tests/hil/lib.sh"

unit=instinct.service
unset INSTINCT_SOCKET # the service has its own place

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

# Files, users and groups, as the package has them. Wants the files in $INSTINCT_STAGE.
install_files()
{
	cp -a "${INSTINCT_STAGE:?where the package was put together}"/. /
	mkdir -p /etc/instinct/conf.d
	cp "$source/config/robot.jsonc" /etc/instinct/instinct.jsonc
	systemd-sysusers
}

# The nodes that there are follow the rules.
install_rules()
{
	systemctl daemon-reload
	udevadm control --reload
	udevadm trigger --settle --subsystem-match=gpio --subsystem-match=i2c-dev
}

# expect_owner GROUP MODE FILE WHAT : udev has given it to them.
has_owner()
{
	[ "$(stat -c '%G %a' "$3")" = "$1 $2" ]
}
expect_owner()
{
	within has_owner "$1" "$2" "$3" || fail "$4: $3 is $(stat -c '%G %a' "$3")"
}
