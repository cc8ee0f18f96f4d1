"""What bench/rt_core.c measures, done with Trio: prints "name value" lines in the units of the bench."""
import resource
import statistics
import time

import trio
import trio.testing

STRETCHES = 51  # as in the bench: the median of short ones


async def yields(count):
    for _ in range(count):
        await trio.lowlevel.cancel_shielded_checkpoint()


async def nothing():
    pass


async def switch_ns():
    count, took = 1_000, []

    async def yields_and_looks():
        for _ in range(STRETCHES):
            start = time.perf_counter_ns()
            await yields(count)
            took.append((time.perf_counter_ns() - start) / (2 * count))

    async with trio.open_nursery() as n:
        n.start_soon(yields_and_looks)
        n.start_soon(yields, STRETCHES * count)
    return statistics.median(took)


async def spawn_us():
    size, took = 50, []
    for _ in range(STRETCHES):
        start = time.perf_counter_ns()
        async with trio.open_nursery() as n:
            for _ in range(size):
                n.start_soon(nothing)
        took.append((time.perf_counter_ns() - start) / size / 1e3)
    return statistics.median(took)


async def cancel_us_and_rss_bytes():
    count = 10_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with trio.open_nursery() as n:
        for _ in range(count):
            n.start_soon(trio.sleep_forever)
        await trio.testing.wait_all_tasks_blocked()
        rss = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / count
        start = time.thread_time_ns()
        n.cancel_scope.cancel()
    return (time.thread_time_ns() - start) / count / 1e3, rss


async def main():
    print("switch_ns", await switch_ns())
    print("spawn_us", await spawn_us())
    cancel_us, rss_bytes = await cancel_us_and_rss_bytes()
    print("cancel_us", cancel_us)
    print("task_rss_bytes", rss_bytes)


trio.run(main)
