"""Writers and readers that connect anew for each statement, as PHP does, until the file STOP is there.

restart.py STOP      the database's address is in the environment, as an app gets it; prints one line of JSON
"""

import json
import os
import sys
import threading
import time

import pymysql

# A busy machine takes its time over a restart: what is tried is that nobody is refused.
PATIENCE_SECONDS = 90
outcomes = {"write": [], "read": []}
failures = []


def once(prefix, statement):
    connection = pymysql.connect(
        host=os.environ[f"{prefix}_HOST"],
        port=int(os.environ[f"{prefix}_PORT"]),
        user=os.environ[f"{prefix}_USER"],
        password=os.environ[f"{prefix}_PASSWORD"],
        database=os.environ[f"{prefix}_NAME"],
        ssl={"ca": os.environ["DATABASE_CA"]},
        connect_timeout=PATIENCE_SECONDS,
        read_timeout=PATIENCE_SECONDS,
        autocommit=True,
    )
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)


def client(kind, prefix, statement):
    while not os.path.exists(sys.argv[1]):
        start = time.monotonic()
        try:
            once(prefix, statement)
        except Exception as error:
            failures.append(f"{kind}: {error!r}")
        outcomes[kind].append(time.monotonic() - start)
        time.sleep(0.03)


once("DATABASE", "CREATE TABLE IF NOT EXISTS beat (id INT AUTO_INCREMENT PRIMARY KEY, at DATETIME(6))")
jobs = [("write", "DATABASE", "INSERT INTO beat (at) VALUES (NOW(6))")] * 2
jobs += [("read", "DATABASE_READ", "SELECT 1")] * 2
threads = [threading.Thread(target=client, args=job) for job in jobs]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
summary = {kind: {"count": len(times), "longest": round(max(times), 2)} for kind, times in outcomes.items()}
print(json.dumps({**summary, "failures": failures}))
