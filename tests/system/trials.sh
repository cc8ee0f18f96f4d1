#!/usr/bin/env bash
# Any folder of trials is compared: other rates and lengths, and what is no trial is named and left out.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

bench=$build/bench/bench_fusion_trials
if [ ! -x "$bench" ]; then
	echo "skipped: the benches are not built"
	exit 77
fi

mkdir "$scratch/trials"
/usr/bin/env python3 "$(dirname "$0")/trials.py" "$scratch/trials"
run "$bench" warm cold "$scratch/trials/"
expect_status 0 "a folder of trials"
expect_line '^50hz +0\.[0-4][0-9]+ ' "another rate, 6 s of rest"
expect_line '^200hz_moves_at_once +[0-9]\.[0-9]+ ' "motion from the first sample on"
expect_line '^never_moves +no motion' "nothing to be compared"
expect_line '^no_truth +no motion with an optical reference' "nothing to compare with"
expect_line 'left out: .*/nan\.f32: record 30: acc x is not finite' "a hole in the data"
expect_line 'left out: .*/other_magic\.f32: no recording: begins with other than BROADF32' "another kind of file"
expect_line 'left out: .*/truncated\.f32: truncated' "a file that is too short"
expect_line 'left out: .*/empty\.f32: no records' "a file without records"
expect_line '^fusion\.warm_9d_deg +[0-9]\.[0-9]+ deg' "the mean is that of the good ones"
passed "the good trials of a folder are compared, the others named"

mkdir "$scratch/nothing"
run "$bench" warm "$scratch/nothing/"
expect_line 'no recording' "an empty folder"
passed "an empty folder is said to be one"

# The daemon's own player takes and refuses the same files.
run "$build/instinctd" --config "$source/config/desk.jsonc" --world "$scratch/trials/50hz.f32" --speed max
expect_status 0 "50 Hz in the daemon"
expect_line '^samples +1500 of 1500 read, 1500 attitudes' "each record is read once"
expect_line '^inclination +0\.[0-4][0-9]+ deg' "the error is small"
run "$build/instinctd" --config "$source/config/desk.jsonc" --world "$scratch/trials/no_truth.f32" --speed max
expect_status 0 "no truth in the daemon"
expect_line 'not compared: no record with an optical reference' "nothing to compare with"
run "$build/instinctd" --config "$source/config/desk.jsonc" --world "$scratch/trials/nan.f32" --speed max
expect_status 1 "a hole in the data"
expect_line 'record 30: acc x is not finite' "it says what is wrong"
passed "the daemon plays such trials, too"
