#!/usr/bin/env bash
# What --help offers stands in the manual pages, and the commands in docs/CLI.md as well.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

man=$source/docs/man

# The long options of a --help.
options()
{
	grep -oE -- '--[a-z][a-z-]*' <<<"$out" | sort -u | sed 's/^--//'
}

# has_option PAGE...: does one of them have $option? In mdoc "Fl -name" and "Fl \-name" are --name.
has_option()
{
	(cd "$man" && grep -qE "^\.It .*Fl \\\\?-$option( |$)" "$@")
}

run "$build/instinctd" --help
expect_status 0 "instinctd --help"
[ "$(options | wc -l)" -ge 10 ] || fail "few options"
for option in $(options); do
	has_option instinctd.8 || fail "--$option is not in instinctd.8"
done
passed "the options of instinctd are in its manual page"

run "$build/instinct" --help
expect_status 0 "instinct --help"
for option in $(options); do
	has_option instinct.1 instinctd.8 || grep -q "Fl -$option" "$man/instinct.1" || fail "--$option is in no manual page"
done
passed "the options of instinct are in its manual page, or are instinctd's"

commands=$(sed -n '/^Commands:/,/^Options/s/^  \([a-z][a-z]*\).*/\1/p' <<<"$out")
[ "$(wc -l <<<"$commands")" -ge 10 ] || fail "few commands"
for command in $commands; do
	grep -qE "^\.It Cm $command( |$)" "$man/instinct.1" || fail "$command is not in instinct.1"
	grep -qE "^\| \`${command}[ \`]" "$source/docs/CLI.md" || fail "$command is not in docs/CLI.md"
done
passed "the commands of instinct are in its manual page and in docs/CLI.md"
