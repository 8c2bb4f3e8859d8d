"""Clients of many kinds, for trials. Each prints one line of JSON.

clients.py ordinary PORT SECONDS     requests, each on a connection of its own, from four clients
clients.py idle PORT COUNT SECONDS   COUNT connections that idle after a request, with ordinary ones beside them
clients.py websocket PORT SECONDS    two messages, with silence between them
"""

import base64
import http.client
import json
import os
import resource
import socket
import ssl
import struct
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

PATIENCE_SECONDS = 5
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
port = int(sys.argv[2])


def connect():
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS))


def ask(connection):
    connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    # To its end: what is left of one answer would be taken for the next one's beginning.
    answer = http.client.HTTPResponse(connection)
    try:
        answer.begin()
        answer.read()
    except http.client.HTTPException as error:
        raise OSError(f"no whole answer: {error!r}")
    if answer.status != 200:
        raise OSError(f"unexpected answer {answer.status}")


def ordinary(seconds):
    """Makes requests for a while: how many were answered, how many not, and how long they took."""
    times, failures, end = [], [], time.monotonic() + seconds

    def client():
        while time.monotonic() < end:
            start = time.monotonic()
            try:
                with connect() as connection:
                    ask(connection)
                times.append(time.monotonic() - start)
            except OSError as error:
                failures.append(repr(error))
            time.sleep(0.02)

    threads = [threading.Thread(target=client) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times.sort()
    place = lambda share: round(times[int(share * (len(times) - 1))] * 1000, 1) if times else None
    return {"answered": len(times), "failed": len(failures), "why": failures[:3], "p50": place(0.5), "p99": place(0.99)}


def idle(count, seconds):
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    with ThreadPoolExecutor(16) as pool:
        # 16 at a time, because in turn they would take longer than the balancer leaves a connection in silence (60 s).
        connections = list(pool.map(lambda _: opened(), range(count)))
        fresh = sum(pool.map(is_alive, connections))
        result = ordinary(seconds)
        why = [reason for reason in pool.map(what_bars, connections) if reason]
    return {**result, "why": result["why"] + why, "idle": fresh, "alive": count - len(why)}


def opened():
    connection = connect()
    ask(connection)
    return connection


def is_alive(connection):
    return what_bars(connection) is None


def what_bars(connection):
    """Why nothing is answered on a connection; nothing when all is well."""
    try:
        ask(connection)
    except OSError as error:
        return repr(error)


def websocket(seconds):
    def say(text):
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(text))
        connection.sendall(struct.pack("BB", 0x81, 0x80 | len(text)) + mask + masked)
        head = stream.read(2)
        return stream.read(head[1]).decode() if len(head) == 2 else "(cut off)"

    connection = connect()
    stream = connection.makefile("rb")
    key = base64.b64encode(os.urandom(16)).decode()
    connection.sendall(
        f"GET /echo HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
    )
    status = stream.readline().decode().split()[1]
    while stream.readline().strip():
        pass
    first = say(b"one")
    time.sleep(seconds)
    return {"status": status, "echoes": [first, say(b"two")]}


print(json.dumps(globals()[sys.argv[1]](*map(float if sys.argv[1] != "idle" else int, sys.argv[3:]))))
