/*
 * Waiting for descriptors.
 *
 * A descriptor may have one task waiting to read and one waiting to write. Close descriptors with
 * fd_close(), or call fd_forget() before a library closes them: who still waits on one that was closed
 * otherwise waits on.
 *
 * Who reads a descriptor again and again uses fd_read(), or fd_wait_kept() where a library or another call than
 * read(2) takes what is there. Both leave it registered with the kernel, which saves a system call each time; so a
 * number that they waited for, and that was closed otherwise before its end was read, must not be used again.
 * fd_wait() is for the rest: to write, once, and what others may close.
 *
 * rt_run() ignores SIGPIPE: writing where nobody reads gives -EPIPE.
 */
#ifndef DAEMON_RT_FD_H
#define DAEMON_RT_FD_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/base/macros.h"
#include "daemon/rt/task.h"

enum fd_dir { FD_READ, FD_WRITE };

/* Who waits for a descriptor; private. */
struct fd_waiter {
	struct wait wait;
	int fd;
	enum fd_dir dir;
	bool keep; /* leave it registered: whose it is closes it as told above */
};

/*
 * Wait until @fd can be read or written without blocking (or has an error or hang-up, which the
 * following read or write will tell).
 * Returns 0; -EBUSY when another task already waits so; -EBADF when it is closed meanwhile or is no
 * descriptor; -EPERM for one that cannot be polled (a regular file); -ENOMEM; -ECANCELED. Suspends.
 */
int fd_wait(int fd, enum fd_dir dir) MUST_CHECK;

/* fd_wait(@fd, FD_READ), with @fd kept registered as told above. Suspends. */
int fd_wait_kept(int fd) MUST_CHECK;

/*
 * read(2) and write(2) of a non-blocking descriptor, waiting as long as needed; at most one transfer.
 * Where the last fd_read() waited for long the next one waits before it tries: a task that reads what
 * comes now and then makes one system call for each time it is woken, and the loop one.
 * Return the count, or a negative errno as above. Suspend.
 */
ssize_t fd_read(int fd, void *buf, size_t size) MUST_CHECK;
ssize_t fd_write(int fd, const void *buf, size_t size) MUST_CHECK;

/* Wake whoever waits on @fd with -EBADF, forget it and close it. Does not suspend. */
void fd_close(int fd);

/* The same without closing: for descriptors that a library owns. */
void fd_forget(int fd);

#endif
