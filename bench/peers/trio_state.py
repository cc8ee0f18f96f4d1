"""What bench/behave_lua.c measures, done with Trio: prints "name value" lines in the units of the bench."""
import math
import time

import trio


class Value:
    """As little as serves the purpose: a value, and tasks that wait until it satisfies a predicate."""

    def __init__(self, value):
        self.value = value
        self.waiters = {}

    def set(self, value):
        self.value = value
        for event, predicate in list(self.waiters.items()):
            if predicate(value):
                del self.waiters[event]
                event.set()

    async def wait(self, predicate):
        if predicate(self.value):
            return
        event = trio.Event()
        self.waiters[event] = predicate
        await event.wait()


async def play(mine, other, turns, ahead):
    for i in range(1, turns + 1):
        await mine.wait(lambda x, i=i: x == i)
        other.set(i + ahead)


async def wake_us():
    turns = 10_000
    a, b = Value(0), Value(0)
    async with trio.open_nursery() as n:
        n.start_soon(play, a, b, turns, 0)
        n.start_soon(play, b, a, turns, 1)
        start = time.perf_counter_ns()
        a.set(1)
    return (time.perf_counter_ns() - start) / (2 * turns) / 1e3


async def follow(source, limit):
    while True:
        await source.wait(lambda x: x > limit)
        await source.wait(lambda x: x < limit)


async def khz_cpu_pct():
    seconds, period = 2, 0.001
    source = Value(0)
    async with trio.open_nursery() as n:
        for i in range(10):
            n.start_soon(follow, source, i / 10 - 0.45)
        cpu, start = time.process_time(), trio.current_time()
        for i in range(int(seconds / period)):
            await trio.sleep_until(start + i * period)
            source.set(math.sin(2 * math.pi * i * period))
        n.cancel_scope.cancel()
    return (time.process_time() - cpu) / seconds * 100


async def main():
    print("wake_us", await wake_us())
    print("khz_cpu_pct", await khz_cpu_pct())


trio.run(main)
