/* Bench: how long a client of the control socket waits for one value, beside a bare REQ/REP pair. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "bench/bench.h"
#include "daemon/base/macros.h"
#include "daemon/link/bus.h"
#include "daemon/rt/rt.h"

#define WARM_UP 200
#define ROUNDS 5000

static const char request[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"values.get\","
			      "\"params\":{\"name\":\"imu.accel\"}}";
static const char stop_request[] = "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"stop\"}";

/* A place for the sockets, and what the two threads share. */
struct place {
	char dir[64];
	char control[96], bare[96];
	size_t answer_len; /* what the bare peer sends back is as long */
	pthread_barrier_t ready;
};

static void need(int ok, const char *what)
{
	if (!ok) {
		perror(what);
		exit(1);
	}
}

static int stop(void *arg, const cJSON *params, cJSON **ret, struct rpc_error *err)
{
	(void)arg;
	(void)params;
	(void)ret;
	(void)err;
	rt_cancel("measured");
	return 0;
}

/* The loop thread's main task: a world with one vector in it, and the bus over it. */
static int serve(void *arg)
{
	static const struct rpc_method stop_method = {.name = "stop", .call = stop};
	const struct value_info info = {.name = "imu.accel", .unit = "m/s^2"};
	const struct datum accel = datum_vec3(0.1, -0.2, 9.81);
	struct place *place = arg;
	struct world *world = world_new();
	struct bus_conf conf;
	struct value *v;
	struct bus *bus;
	int r;

	conf_defaults(bus_conf_fields, &conf);
	snprintf(conf.state, sizeof(conf.state), "ipc://%s/state", place->dir);
	snprintf(conf.control, sizeof(conf.control), "%s", place->control);
	need(world && world_add(world, &info, &v) == 0 && value_set(v, &accel) == 0,
	     "world");
	need(bus_new(&conf, world, &bus) == 0, "bus");
	need(rpc_register(bus_control(bus), &stop_method) == 0, "stop");
	pthread_barrier_wait(&place->ready);
	r = bus_run(bus);
	bus_free(bus);
	world_free(world);
	return r;
}

static void *daemon_thread(void *arg)
{
	(void)!rt_run(NULL, serve, arg); /* -ECANCELED: it was told to stop */
	return NULL;
}

/* The peer: a thread that does nothing but answer, until it is sent nothing. */
static void *bare_thread(void *arg)
{
	struct place *place = arg;
	void *zmq = zmq_ctx_new();
	void *rep = zmq_socket(zmq, ZMQ_REP);
	char *text = calloc(1, place->answer_len + 1);
	char buf[256];

	need(text && zmq_bind(rep, place->bare) == 0, "bare peer");
	pthread_barrier_wait(&place->ready);
	while (zmq_recv(rep, buf, sizeof(buf), 0) > 0)
		zmq_send(rep, text, place->answer_len, 0);
	zmq_close(rep);
	zmq_ctx_term(zmq);
	free(text);
	return NULL;
}

static int by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* Ask @endpoint ROUNDS times, then say @bye; the median, us. *@ret_len is the length of an answer. */
static double ask(const char *endpoint, const char *bye, size_t *ret_len)
{
	static int64_t took[ROUNDS];
	void *zmq = zmq_ctx_new();
	void *req = zmq_socket(zmq, ZMQ_REQ);
	const int linger = 100;
	const int middle = ROUNDS / 2;
	char buf[1024];
	int n = 0;

	need(zmq_connect(req, endpoint) == 0, endpoint);
	for (int i = -WARM_UP; i < ROUNDS; i++) {
		int64_t start = bench_now_ns();

		zmq_send(req, request, sizeof(request) - 1, 0);
		n = zmq_recv(req, buf, sizeof(buf), 0);
		if (i >= 0)
			took[i] = bench_now_ns() - start;
	}
	need(n > 0, "answer");
	*ret_len = (size_t)n;
	zmq_setsockopt(req, ZMQ_LINGER, &linger, sizeof(linger));
	zmq_send(req, bye, strlen(bye), 0);
	zmq_close(req);
	zmq_ctx_term(zmq);
	qsort(took, ROUNDS, sizeof(took[0]), by_time);
	return (double)took[middle] / 1e3;
}

static double measure(struct place *place, void *(*server)(void *arg),
		      const char *endpoint, const char *bye)
{
	pthread_t thread;
	double us;

	pthread_barrier_init(&place->ready, NULL, 2);
	need(pthread_create(&thread, NULL, server, place) == 0, "thread");
	pthread_barrier_wait(&place->ready);
	us = ask(endpoint, bye, &place->answer_len);
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&place->ready);
	return us;
}

static void remove_dir(const char *dir)
{
	static const char *const files[] = {"state.lock", "control.lock", "bare"};
	char path[128];

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		unlink(path);
	}
	rmdir(dir);
}

int main(int argc, char **argv)
{
	struct place place = {.dir = "/tmp/instinct-bench-XXXXXX"};
	double ours, bare;

	bench_begin(argc, argv);
	if (!bench_wants("bus.control_p50_us"))
		return 0;
	need(mkdtemp(place.dir) != NULL, place.dir);
	snprintf(place.control, sizeof(place.control), "ipc://%s/control", place.dir);
	snprintf(place.bare, sizeof(place.bare), "ipc://%s/bare", place.dir);
	ours = measure(&place, daemon_thread, place.control, stop_request);
	bare = measure(&place, bare_thread, place.bare, "");
	bench_report("bus.control_p50_us", ours, "us", "bare REQ/REP", bare);
	remove_dir(place.dir);
	return 0;
}
