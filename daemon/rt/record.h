/*
 * Recordings of a run: what entered each pass from outside, so that the same tasks can be run again in
 * the same order (rt_conf.record, rt_conf.replay).
 *
 * Recorded are: the time of each pass; which descriptors were found ready, and after which step; what
 * fd_read() and fd_write() returned, with the bytes read; which posts and completions of threads were
 * delivered; whether a cancellation came before a thread had begun; whether a pool of threads that closed
 * was left alone; what rt_wall() and rt_random() said. A replay takes all of this from the record: it reads no clock, does not touch the
 * descriptors that are read and written, and waits as fast as it can. Jobs of threads do run again; their
 * completion is held back until its turn. Forced pauses of scripts need no entry: while a run is recorded
 * or replayed they come after so many instructions and not after so much time (rt_is_repeatable()).
 *
 * What a replay relies on: the same program with the same arguments, descriptor numbers included. Jobs
 * compute the same again, and one that was called back in time may have run. Threads post as often
 * as they did: a post that was delivered twice must not be held back into one (post.h). System calls that
 * tasks make on their own, and libraries behind rt_idle, are not recorded.
 */
#ifndef DAEMON_RT_RECORD_H
#define DAEMON_RT_RECORD_H
#include <stddef.h>
#include <stdint.h>

/*
 * All zero to begin with; the caller's, who calls rt_record_fini() in the end. The bytes may be kept in
 * a file, for a machine of the same byte order.
 */
struct rt_record {
	uint8_t *bytes;
	size_t size;
	/*
	 * 0 if all went well. Recording: -ENOMEM: the record is cut short. Replay: -EILSEQ: the run
	 * went another way; -ENODATA: the record ended before the run did; either is logged, and
	 * the root scope cancelled.
	 */
	int result;
	uint64_t trace; /* hash of the tasks' names in the order of their steps so far */

	size_t capacity, at; /* private */
};

void rt_record_fini(struct rt_record *r);

#endif
