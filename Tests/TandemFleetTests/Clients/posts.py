"""Posts articles to the example app, over HTTPS and from a machine that is none of the stack's, until SECONDS are over or it gets SIGTERM.

usage: posts.py ADDRESS PREFIX SECONDS   eight clients; the articles' titles begin with PREFIX
prints JSON: {"acknowledged": [TITLE…], "failed": […], "unknown": N, "longest_pause_ms": N}
"""

import http.client
import json
import signal
import ssl
import sys
import threading
import time

address, prefix, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
end = time.monotonic() + seconds
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
lock = threading.Lock()
acknowledged, failed, unknown, moments = [], [], [0], []


def stop(*_):
    global end
    end = 0


signal.signal(signal.SIGTERM, stop)


def connect():
    connection = http.client.HTTPSConnection(address, 443, timeout=20, context=context)
    connection.connect()
    return connection


def work(client):
    connection = None
    number = 0
    while time.monotonic() < end:
        number += 1
        title = f"{prefix} {client} {number}"
        body = json.dumps({"article": {"title": title, "description": "d", "body": "b", "tagList": []}})
        try:
            connection = connection or connect()
        except OSError:
            # Nothing was sent.
            connection = None
            time.sleep(0.2)
            continue
        try:
            connection.request("POST", "/api/articles", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException):
            with lock:
                unknown[0] += 1
            connection.close()
            connection = None
            continue
        with lock:
            if answer.status == 201:
                acknowledged.append(title)
                moments.append(time.monotonic())
            elif answer.status in (502, 504):
                unknown[0] += 1
            else:
                failed.append(f"{answer.status}: {text[:200]}")
        time.sleep(0.02)


threads = [threading.Thread(target=work, args=(client,)) for client in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
pauses = [b - a for a, b in zip(moments, moments[1:])]
print(
    json.dumps(
        {
            "acknowledged": acknowledged,
            "failed": failed,
            "unknown": unknown[0],
            "longest_pause_ms": round(max(pauses, default=0) * 1000),
        }
    )
)
