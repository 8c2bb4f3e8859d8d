"""What the two loops in Python share."""

import json
import resource

ROWS = 1_000_000
SELECT = "SELECT id, v FROM point WHERE id = %s"
INSERT = "INSERT INTO ins (v) VALUES (%s)"
STREAM = "SELECT id, v FROM point"


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return (usage.ru_utime + usage.ru_stime) * 1e6


def peak_megabytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def ids(number):
    """The same row numbers in the same order as in the other languages."""
    random = number * 7919 + 1
    while True:
        random = (random * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        yield (random >> 33) % 10_000 + 1


def report(operations, wall, cpu_used, latencies, growth):
    latencies.sort()

    def at(share):
        return latencies[int((len(latencies) - 1) * share)] * 1e6 if latencies else 0

    print(
        json.dumps(
            {
                "perSecond": operations / wall,
                "cpuMicroseconds": cpu_used / operations,
                "p50Microseconds": at(0.5),
                "p99Microseconds": at(0.99),
                "growthMegabytes": growth,
            }
        )
    )
