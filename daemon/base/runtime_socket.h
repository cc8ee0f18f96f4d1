/* Unix sockets as files: is one served, and the claim that only one program serves it. */
#ifndef DAEMON_BASE_RUNTIME_SOCKET_H
#define DAEMON_BASE_RUNTIME_SOCKET_H
#include "daemon/base/macros.h"

/*
 * Does somebody listen on the Unix socket @path?
 * Returns 0, or why not: -ENOENT, -ECONNREFUSED (left behind, or no socket), -EACCES ...
 */
int runtime_socket_probe(const char *path) MUST_CHECK;

/*
 * Claim @path before binding to it: locks the file "<path>.lock", and takes away a socket that was left
 * behind. The claim ends with runtime_socket_release(), or with the program.
 * Returns a descriptor; -EADDRINUSE when another program has the claim or listens there; -EEXIST when
 * @path is something else than a socket; or why the lock cannot be made: -ENOENT, -EACCES ...
 */
int runtime_socket_claim(const char *path) MUST_CHECK;

/* End a claim, and remove the socket, which nobody serves any more. A negative @claim is none. */
void runtime_socket_release(int claim, const char *path);

#endif
