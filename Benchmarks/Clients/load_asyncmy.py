"""The loop of Benchmarks' `mysql` part in Python on asyncmy. It has no prepared statements: values go as text.

load_asyncmy.py HOST PORT WORKLOAD TASKS CONNECTIONS SECONDS
"""

import asyncio
import sys
import time

import asyncmy
from asyncmy.cursors import SSCursor

import load_common as common


async def work(number, workload, pool, deadline):
    latencies = []
    ids = common.ids(number)
    while True:
        start = time.perf_counter()
        if start >= deadline:
            return latencies
        async with pool.acquire() as connection:
            async with connection.cursor() as cursor:
                if workload == "select":
                    await cursor.execute(common.SELECT, (next(ids),))
                    await cursor.fetchone()
                else:
                    await cursor.execute(common.INSERT, ("hello",))
        latencies.append(time.perf_counter() - start)


async def load(pool, workload, tasks, seconds):
    memory, cpu, start = common.peak_megabytes(), common.cpu(), time.perf_counter()
    results = await asyncio.gather(*(work(number, workload, pool, start + seconds) for number in range(tasks)))
    wall, cpu = time.perf_counter() - start, common.cpu() - cpu
    latencies = [latency for result in results for latency in result]
    common.report(len(latencies), wall, cpu, latencies, common.peak_megabytes() - memory)


async def stream(pool):
    async with pool.acquire() as connection, connection.cursor(SSCursor) as cursor:
        memory, cpu, start = common.peak_megabytes(), common.cpu(), time.perf_counter()
        await cursor.execute(common.STREAM)
        rows = 0
        while (row := await cursor.fetchone()) is not None:
            rows += 1
            assert row[0] > 0
        assert rows == common.ROWS
        wall, cpu = time.perf_counter() - start, common.cpu() - cpu
        common.report(rows, wall, cpu, [], common.peak_megabytes() - memory)


async def main():
    host, port, workload, tasks, connections, seconds = sys.argv[1:]
    login = dict(host=host, port=int(port), user="bench", password="bench", db="bench", autocommit=True)
    size = int(connections)
    async with asyncmy.create_pool(minsize=size, maxsize=size, **login) as pool:
        if workload == "stream":
            await stream(pool)
        else:
            await load(pool, workload, int(tasks), float(seconds))


asyncio.run(main())
