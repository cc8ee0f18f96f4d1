/*
 * Where the daemon's sockets are: one folder that the daemon makes and its clients look for.
 *
 * Under systemd it is what RuntimeDirectory= made (RUNTIME_DIRECTORY), for a daemon started by hand
 * $XDG_RUNTIME_DIR/instinct, else a private folder below /tmp.
 */
#ifndef DAEMON_BASE_RUNTIME_DIR_H
#define DAEMON_BASE_RUNTIME_DIR_H
#include <stddef.h>

#include "daemon/base/macros.h"

/* Room for a socket's path: what struct sockaddr_un holds, with the NUL. */
#define RUNTIME_PATH_MAX 108

/*
 * For the daemon: find its folder, make it (mode 0750) unless it is there, and write its path to @buf
 * (RUNTIME_PATH_MAX bytes).
 * Returns 0, or the errno with which the folder in @buf could not be made; -EPERM when it belongs to
 * somebody else; -ENAMETOOLONG.
 */
int runtime_dir_make(char *buf) MUST_CHECK;

/*
 * For clients: the @i-th folder to look into, from 0, best first, written to @buf (RUNTIME_PATH_MAX
 * bytes). Returns 0, or -ENOENT after the last.
 */
int runtime_dir_candidate(unsigned i, char *buf) MUST_CHECK;

#endif
