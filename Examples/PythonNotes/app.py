"""Notes, with Python's standard library and PyMySQL (Debian: python3-pymysql).

GET /notes lists the newest (?offset=50: those before), POST /notes adds the request's body, GET /notes/ID reads one, GET /health says whether we can serve.
"""

import json
import os
import queue
import signal
import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

import pymysql

BODY_LIMIT_BYTES = 64 * 1024
# As long as a router or a server of the database is away while it is restarted.
RETRY_SECONDS = 5


class Database:
    """At most `size` connections to one of the two URLs, shared by all threads."""

    def __init__(self, url, size=8):
        parts = urlsplit(url)
        self.settings = {
            "host": parts.hostname,
            "port": parts.port,
            "user": unquote(parts.username),
            "password": unquote(parts.password),
            "database": parts.path[1:],
            "ssl_ca": parse_qs(parts.query)["ssl-ca"][0],
            "ssl_verify_cert": True,
            "autocommit": True,
            "connect_timeout": 5,
            "read_timeout": 25,
        }
        # The one that was used last is the one that most likely still lives.
        self.idle = queue.LifoQueue()
        for _ in range(size):
            self.idle.put(None)

    @contextmanager
    def cursor(self):
        connection = self.idle.get()
        try:
            if connection is None:
                connection = pymysql.connect(**self.settings)
            # After a failover, or hours of silence, the old one is gone.
            connection.ping(reconnect=True)
            with connection.cursor() as cursor:
                yield cursor
        except BaseException:
            # What is half read must not meet the next request.
            if connection is not None and connection.open:
                connection.close()
            connection = None
            raise
        finally:
            self.idle.put(connection)

    def rows(self, statement, *values):
        """What a SELECT finds. Unlike a write it may be sent again: a connection that ends under it is no reason to fail."""
        deadline = time.monotonic() + RETRY_SECONDS
        while True:
            try:
                with self.cursor() as cursor:
                    cursor.execute(statement, values)
                    return cursor.fetchall()
            except (pymysql.OperationalError, pymysql.InterfaceError, pymysql.InternalError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)


class Notes(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body are two writes; the second must not wait for the first to be acknowledged.
    disable_nagle_algorithm = True
    # Seconds. Longer than nginx keeps an idle connection (4), so that we close none while it sends a request.
    timeout = 60

    def do_GET(self):
        path = urlsplit(self.path).path
        offset = parse_qs(urlsplit(self.path).query).get("offset", ["0"])[0]
        if path == "/health":
            with reads.cursor() as cursor:
                cursor.execute("SELECT 1")
            self.answer(200, {"ok": True})
        elif path == "/notes" and not (offset.isdecimal() and len(offset) < 10):
            self.answer(400, {"error": "offset takes a number"})
        elif path == "/notes":
            rows = reads.rows("SELECT id, body FROM note ORDER BY id DESC LIMIT 50 OFFSET %s", int(offset))
            self.answer(200, [{"id": row[0], "body": row[1]} for row in rows])
        elif path.startswith("/notes/") and path[7:].isdecimal():
            # The primary knows a note at once; `reads` may hear of it a moment later.
            rows = writes.rows("SELECT id, body FROM note WHERE id = %s", path[7:])
            if rows:
                self.answer(200, {"id": rows[0][0], "body": rows[0][1]})
            else:
                self.answer(404, {"error": "no such note"})
        else:
            self.answer(404, {"error": "no such page"})

    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        if urlsplit(self.path).path != "/notes" or not length.isdecimal() or int(length) > BODY_LIMIT_BYTES:
            # The body is not read, so what follows on this connection is no request.
            self.close_connection = True
            self.answer(400, {"error": f"POST /notes takes a note of at most {BODY_LIMIT_BYTES} bytes"})
            return
        body = self.rfile.read(int(length)).decode(errors="replace")
        with writes.cursor() as cursor:
            cursor.execute("INSERT INTO note (body) VALUES (%s)", (body,))
            self.answer(201, {"id": cursor.lastrowid, "body": body})

    def handle_one_request(self):
        waiting.add(self.connection)
        if stopping.is_set():
            self.close_connection = True
            return
        try:
            super().handle_one_request()
        except pymysql.MySQLError as error:
            self.log_error("database: %s", error)
            self.close_connection = True
            self.answer(503, {"error": "the database does not answer"})

    def parse_request(self):
        waiting.discard(self.connection)
        return super().parse_request()

    def finish(self):
        waiting.discard(self.connection)
        super().finish()

    def answer(self, status, content):
        self.close_connection = self.close_connection or stopping.is_set()
        body = json.dumps(content).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Served-By", os.environ["TANDEM_HOST"])
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code="-", size="-"):
        """nginx has the access log."""


class Server(ThreadingHTTPServer):
    # `server_close` waits for requests that are being answered.
    daemon_threads = False
    request_queue_size = 1024


def stop(*_):
    """Answers what has arrived, and keeps nobody waiting who has asked nothing."""
    stopping.set()
    # It waits for `serve_forever`, which runs in the thread that signals interrupt: hence another one.
    threading.Thread(target=server.shutdown).start()
    for connection in list(waiting):
        try:
            # What has been received can still be read.
            connection.shutdown(socket.SHUT_RD)
        except OSError:
            pass  # it was closed at the same moment


# Connections between two requests.
waiting = set()
stopping = threading.Event()
writes = Database(os.environ["DATABASE_URL"])
reads = Database(os.environ["DATABASE_READ_URL"])

with writes.cursor() as cursor:
    # The other server does the same at the same moment.
    cursor.execute("CREATE TABLE IF NOT EXISTS note (id BIGINT PRIMARY KEY AUTO_INCREMENT, body TEXT NOT NULL)")

with Server((os.environ["HOST"], int(os.environ["PORT"])), Notes) as server:
    signal.signal(signal.SIGTERM, stop)
    server.serve_forever()
