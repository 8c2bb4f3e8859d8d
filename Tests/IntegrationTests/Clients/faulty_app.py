"""An app whose faults are switched on by files in its folder, and that has none by itself.

errors   each tenth answer is 500
slow     each fifth answer takes 4 s
"""

import http.server
import itertools
import os
import time

numbers = itertools.count(1)


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


address = (os.environ["HOST"], int(os.environ["PORT"]))
http.server.ThreadingHTTPServer(address, Handler).serve_forever()
