"""The loop of Benchmarks' `mysql` part in Python on mysqlclient: a thread and a connection for each task, up to the number of connections.

It has no prepared statements: values go as text.

load_mysqlclient.py HOST PORT WORKLOAD TASKS CONNECTIONS SECONDS
"""

import sys
import threading
import time

import MySQLdb
from MySQLdb.cursors import SSCursor

import load_common as common

host, port, workload, tasks, connections, seconds = sys.argv[1:]


def dial():
    return MySQLdb.connect(
        host=host, port=int(port), user="bench", password="bench", database="bench", autocommit=True
    )


def work(number, connection, deadline, latencies):
    ids = common.ids(number)
    while True:
        start = time.perf_counter()
        if start >= deadline:
            return
        cursor = connection.cursor()
        if workload == "select":
            cursor.execute(common.SELECT, (next(ids),))
            cursor.fetchone()
        else:
            cursor.execute(common.INSERT, ("hello",))
        cursor.close()
        latencies.append(time.perf_counter() - start)


def load():
    count = min(int(tasks), int(connections))
    links = [dial() for _ in range(count)]
    results = [[] for _ in range(count)]
    memory, cpu, start = common.peak_megabytes(), common.cpu(), time.perf_counter()
    deadline = start + float(seconds)
    threads = [
        threading.Thread(target=work, args=(number, links[number], deadline, results[number]))
        for number in range(count)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wall, cpu = time.perf_counter() - start, common.cpu() - cpu
    latencies = [latency for result in results for latency in result]
    common.report(len(latencies), wall, cpu, latencies, common.peak_megabytes() - memory)


def stream():
    cursor = dial().cursor(SSCursor)
    memory, cpu, start = common.peak_megabytes(), common.cpu(), time.perf_counter()
    cursor.execute(common.STREAM)
    rows = 0
    while (row := cursor.fetchone()) is not None:
        rows += 1
        assert row[0] > 0
    assert rows == common.ROWS
    wall, cpu = time.perf_counter() - start, common.cpu() - cpu
    common.report(rows, wall, cpu, [], common.peak_megabytes() - memory)


if workload == "stream":
    stream()
else:
    load()
