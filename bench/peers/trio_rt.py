"""What bench/rt_core.c measures, done with Trio: prints "name value" lines in the units of the bench."""
import resource
import time

import trio
import trio.testing


async def yields(count):
    for _ in range(count):
        await trio.lowlevel.cancel_shielded_checkpoint()


async def nothing():
    pass


async def switch_ns():
    count = 20_000
    async with trio.open_nursery() as n:
        n.start_soon(yields, count)
        n.start_soon(yields, count)
        start = time.perf_counter_ns()
    return (time.perf_counter_ns() - start) / (2 * count)


async def spawn_us():
    batches, size = 200, 50
    start = time.perf_counter_ns()
    for _ in range(batches):
        async with trio.open_nursery() as n:
            for _ in range(size):
                n.start_soon(nothing)
    return (time.perf_counter_ns() - start) / (batches * size) / 1e3


async def cancel_us_and_rss_bytes():
    count = 10_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with trio.open_nursery() as n:
        for _ in range(count):
            n.start_soon(trio.sleep_forever)
        await trio.testing.wait_all_tasks_blocked()
        rss = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / count
        start = time.perf_counter_ns()
        n.cancel_scope.cancel()
    return (time.perf_counter_ns() - start) / count / 1e3, rss


async def main():
    print("switch_ns", await switch_ns())
    print("spawn_us", await spawn_us())
    cancel_us, rss_bytes = await cancel_us_and_rss_bytes()
    print("cancel_us", cancel_us)
    print("task_rss_bytes", rss_bytes)


trio.run(main)
