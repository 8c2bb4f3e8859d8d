"""An app whose faults are switched on by files in its folder, and that has none by itself.

faulty_app.py MYSQL   MYSQL: MySQL's own client

errors     each tenth answer is 500
slow       each fifth answer takes 4 s
sessions   25 sessions with the database are held open
"""

import http.server
import itertools
import os
import subprocess
import sys
import threading
import time

numbers = itertools.count(1)


def session():
    return subprocess.Popen(
        [
            sys.argv[1],
            "--no-defaults",
            f"--host={os.environ['DATABASE_HOST']}",
            f"--port={os.environ['DATABASE_PORT']}",
            f"--user={os.environ['DATABASE_USER']}",
            "--execute=SELECT SLEEP(3600)",
        ],
        env={"MYSQL_PWD": os.environ["DATABASE_PASSWORD"]},
        stdout=subprocess.DEVNULL,
    )


def hold_sessions():
    sessions = []
    while True:
        time.sleep(1)
        sessions = [one for one in sessions if one.poll() is None]
        if os.path.exists("sessions"):
            sessions += [session() for _ in range(25 - len(sessions))]
        else:
            for one in sessions:
                one.terminate()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        status = 200
        if self.path != "/health":
            number = next(numbers)
            if os.path.exists("errors") and number % 10 == 0:
                status = 500
            if os.path.exists("slow") and number % 5 == 0:
                time.sleep(4)
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


threading.Thread(target=hold_sessions, daemon=True).start()
address = (os.environ["HOST"], int(os.environ["PORT"]))
http.server.ThreadingHTTPServer(address, Handler).serve_forever()
