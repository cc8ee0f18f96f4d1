/* The runtime folder and its sockets. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/base/runtime_dir.h"
#include "daemon/base/runtime_socket.h"

static char folder[64];

static void make_folder(void)
{
	unsetenv("RUNTIME_DIRECTORY");
	unsetenv("XDG_RUNTIME_DIR");
	umask(022);
	snprintf(folder, sizeof(folder), "/tmp/instinct-test-XXXXXX");
	cr_assert(mkdtemp(folder) != NULL);
}

static void remove_folder(void)
{
	char command[96];

	snprintf(command, sizeof(command), "rm -r %s", folder);
	cr_assert(zero(int, system(command)));
}

TestSuite(runtime, .init = make_folder, .fini = remove_folder);

static const char *in_folder(const char *name)
{
	static char buf[RUNTIME_PATH_MAX];

	snprintf(buf, sizeof(buf), "%s/%s", folder, name);
	return buf;
}

Test(runtime, systemd_comes_before_the_session)
{
	char buf[RUNTIME_PATH_MAX];
	char list[2 * RUNTIME_PATH_MAX];
	struct stat st;

	setenv("XDG_RUNTIME_DIR", folder, 1);
	cr_assert(zero(int, runtime_dir_make(buf)));
	cr_assert(eq(str, buf, (char *)in_folder("instinct")));
	cr_assert(zero(int, stat(buf, &st)));
	cr_assert(eq(int, st.st_mode & 07777, 0750));
	cr_assert(zero(int, runtime_dir_make(buf))); /* it is there already */

	snprintf(list, sizeof(list), "%s:/elsewhere", in_folder("service"));
	setenv("RUNTIME_DIRECTORY", list, 1);
	cr_assert(zero(int, runtime_dir_make(buf)));
	cr_assert(eq(str, buf, (char *)in_folder("service")));
}

Test(runtime, a_folder_that_cannot_be_made_is_named)
{
	char buf[RUNTIME_PATH_MAX];

	setenv("RUNTIME_DIRECTORY", in_folder("not/there"), 1);
	cr_assert(eq(int, runtime_dir_make(buf), -ENOENT));
	cr_assert(eq(str, buf, (char *)in_folder("not/there")));

	/* Somebody's link to elsewhere is not taken for a folder. */
	cr_assert(zero(int, symlink("/tmp", in_folder("link"))));
	setenv("RUNTIME_DIRECTORY", in_folder("link"), 1);
	cr_assert(eq(int, runtime_dir_make(buf), -ENOTDIR));
}

Test(runtime, clients_look_at_the_service_first)
{
	char buf[RUNTIME_PATH_MAX];
	char own[RUNTIME_PATH_MAX];

	setenv("XDG_RUNTIME_DIR", folder, 1);
	snprintf(own, sizeof(own), "/tmp/instinct-%d", (int)getuid());
	cr_assert(zero(int, runtime_dir_candidate(0, buf)));
	cr_assert(eq(str, buf, "/run/instinct"));
	cr_assert(zero(int, runtime_dir_candidate(1, buf)));
	cr_assert(eq(str, buf, (char *)in_folder("instinct")));
	cr_assert(zero(int, runtime_dir_candidate(2, buf)));
	cr_assert(eq(str, buf, own));
	cr_assert(eq(int, runtime_dir_candidate(3, buf), -ENOENT));

	unsetenv("XDG_RUNTIME_DIR");
	cr_assert(zero(int, runtime_dir_candidate(1, buf)));
	cr_assert(eq(str, buf, own));
}

/* A Unix socket that listens at @path. */
static int listen_at(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	cr_assert(zero(int, bind(fd, (const struct sockaddr *)&addr, sizeof(addr))));
	cr_assert(zero(int, listen(fd, 4)));
	return fd;
}

Test(runtime, a_socket_has_one_claim)
{
	int claim = runtime_socket_claim(in_folder("s"));

	cr_assert(ge(int, claim, 0));
	cr_assert(eq(int, runtime_socket_claim(in_folder("s")), -EADDRINUSE));
	runtime_socket_release(claim, in_folder("s"));
	claim = runtime_socket_claim(in_folder("s"));
	cr_assert(ge(int, claim, 0));
	runtime_socket_release(claim, in_folder("s"));
}

Test(runtime, what_was_left_behind_is_removed_but_nothing_else)
{
	int fd = listen_at(in_folder("s"));
	int claim;

	/* Somebody listens who made no claim. */
	cr_assert(zero(int, runtime_socket_probe(in_folder("s"))));
	cr_assert(eq(int, runtime_socket_claim(in_folder("s")), -EADDRINUSE));
	close(fd);

	cr_assert(eq(int, runtime_socket_probe(in_folder("s")), -ECONNREFUSED));
	claim = runtime_socket_claim(in_folder("s"));
	cr_assert(ge(int, claim, 0));
	cr_assert(eq(int, runtime_socket_probe(in_folder("s")), -ENOENT));
	runtime_socket_release(claim, in_folder("s"));

	fd = creat(in_folder("s"), 0600);
	cr_assert(ge(int, fd, 0));
	close(fd);
	cr_assert(eq(int, runtime_socket_claim(in_folder("s")), -EEXIST));
	cr_assert(zero(int, access(in_folder("s"), F_OK)));
}
