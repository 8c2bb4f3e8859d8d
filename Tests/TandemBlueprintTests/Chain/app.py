"""An application for tests of the chain in front of it. It speaks HTTP by hand, so that it can answer what servers with
manners do not. What it did stands in one line for each request of the file SEEN.

    app.py ADDRESS PORT SEEN
"""

import base64
import hashlib
import json
import os
import socket
import struct
import sys
import threading
import time
from urllib.parse import parse_qs, unquote, urlsplit

address, port, seen = sys.argv[1], int(sys.argv[2]), sys.argv[3]


class Request:
    def __init__(self, stream):
        line = stream.readline()
        if not line:
            raise EOFError
        self.method, self.target, _ = line.decode("latin-1").split(" ", 2)
        self.headers = []
        while (line := stream.readline().rstrip(b"\r\n")):
            name, value = line.decode("latin-1").split(":", 1)
            self.headers.append((name.lower(), value.strip()))
        parts = urlsplit("http://app" + self.target)
        self.path, self.query = unquote(parts.path), {k: v[-1] for k, v in parse_qs(parts.query).items()}
        self.body = stream.read(int(self.header("content-length") or 0))

    def header(self, name):
        return next((value for known, value in self.headers if known == name), None)


def head(status, headers):
    lines = [f"HTTP/1.1 {status} Status"] + [f"{name}: {value}" for name, value in headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def answer(send, body, status=200, headers=()):
    body = body.encode()
    kind = [] if any(name.lower() == "content-type" for name, _ in headers) else [("Content-Type", "text/plain")]
    send(head(status, [*headers, *kind, ("Content-Length", len(body)), ("X-App", address)]) + body)


def stream(send, request):
    """Pieces with pauses between them: /stream?type=…&pieces=3&pause=1&after=0"""
    q = request.query
    headers = [("Transfer-Encoding", "chunked"), ("X-App", address)]
    if "type" in q:
        headers.append(("Content-Type", q["type"]))
    send(head(200, headers))
    for number in range(int(q.get("pieces", 3))):
        time.sleep(float(q.get("pause", 1)) if number else 0)
        piece = f"data: {number} {time.time()}\n\n".encode()
        send(b"%x\r\n%s\r\n" % (len(piece), piece))
    send(b"0\r\n\r\n")


def interim(send, q):
    """Interim answers, and then the answer, in one piece or with pauses: /interim?code=103,102&pause=0&final=200&form=length&bytes=0"""
    pieces = [head(int(code), [("Link", "</s.css>; rel=preload; as=style"), ("X-Interim", code)]) for code in q["code"].split(",")]
    final, body = int(q.get("final", 200)), f"final {q.get('mark', '')}".encode() + b"x" * int(q.get("bytes", 0))
    own = [("X-App", address), ("Cache-Control", "private")]
    match q.get("form", "length"):
        case "length":
            pieces += [head(final, [("Content-Length", len(body)), *own]) + body]
        case "none":
            pieces += [head(final, own)]
        case "chunked":
            middle = len(body) // 2
            chunks = [b"%x\r\n%s\r\n" % (len(half), half) for half in (body[:middle], body[middle:])]
            pieces += [head(final, [("Transfer-Encoding", "chunked"), *own]) + chunks[0], chunks[1] + b"0\r\n\r\n"]
    if "stray" in q:
        # What no answer may be made of.
        pieces += [head(200, [("Content-Length", 5)]) + b"stray"]
    if "pause" not in q:
        send(b"".join(pieces))
        return
    for piece in pieces:
        send(piece)
        time.sleep(float(q["pause"]))


def upgrade(connection, request):
    """The handshake of RFC 6455."""
    key = request.header("sec-websocket-key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
    connection.sendall(head(101, [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", accept)]))


def swallow(connection, stream, request):
    """Reads nothing for a while, then a number of bytes, and says how many came: /swallow?rest=3&bytes=1000"""
    upgrade(connection, request)
    time.sleep(float(request.query["rest"]))
    count = str(len(stream.read(int(request.query["bytes"])))).encode()
    connection.sendall(struct.pack("BB", 0x81, len(count)) + count)


def echo(connection, stream, request):
    """RFC 6455, for messages of up to 125 bytes."""
    upgrade(connection, request)
    while len(start := stream.read(2)) == 2 and start[0] & 15 != 8:
        mask = stream.read(4)
        text = bytes(byte ^ mask[i % 4] for i, byte in enumerate(stream.read(start[1] & 127)))
        connection.sendall(struct.pack("BB", 0x81, len(text)) + text)


def respond(connection, stream_in, request):
    q, send = request.query, connection.sendall
    match request.path:
        case "/headers":
            answer(send, json.dumps(request.headers))
        case "/count":
            answer(send, str(len(request.body)))
        case "/sleep":
            time.sleep(float(q["s"]))
            answer(send, "slept")
        case "/status":
            answer(send, q.get("body", "own"), int(q["code"]))
        case "/large-head":
            fields = int(q.get("fields", 1))
            answer(send, "large", headers=[(f"X-Field-{i}", "x" * int(q["bytes"])) for i in range(fields)])
        case "/large":
            answer(send, "x" * int(q["bytes"]), headers=[("Content-Type", "application/octet-stream")])
        case "/interim":
            interim(send, q)
        case "/bodiless":
            send(head(int(q["code"]), [("Content-Length", q["length"]), ("X-App", address)]) + q.get("body", "").encode())
        case "/die":
            os._exit(1)
        case "/gone-quietly":
            # Ends the connection when the next request comes on it, or has not come for a while, without having said so.
            answer(send, "there")
            connection.settimeout(3)
            connection.recv(1)
            # So that nginx sees a connection cut off, as from a program that has ended.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        case "/hang-up":
            connection.shutdown(socket.SHUT_RDWR)
        case "/stream":
            stream(send, request)
        case "/echo" if request.header("upgrade") == "websocket":
            echo(connection, stream_in, request)
            return False
        case "/swallow":
            swallow(connection, stream_in, request)
            return False
        case _:
            asked = [("cache", "Cache-Control"), ("type", "Content-Type"), ("expires", "Expires"), ("carried", "X-Tandem-Cache-Control")]
            headers = [(name, q[key]) for key, name in asked if key in q]
            answer(send, f"app saw {request.target}" + "x" * int(q.get("more", 0)), headers=headers)
    return True


def serve(connection):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection, connection.makefile("rb") as stream_in:
        try:
            while True:
                request = Request(stream_in)
                if request.path != "/health":
                    with open(seen, "a") as log:
                        log.write(json.dumps([address, request.method, request.target]) + "\n")
                if not respond(connection, stream_in, request):
                    return
        except (OSError, EOFError, ValueError):
            pass


with socket.create_server((address, port), backlog=1024, reuse_port=False) as server:
    while True:
        threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
