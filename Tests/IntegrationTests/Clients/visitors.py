"""Visitors of a stack, each with a connection of its own that is kept. What they are answered is not looked at.

visitors.py PORT COUNT PAUSE   PAUSE: seconds between two requests of one visitor
"""

import http.client
import ssl
import sys
import threading
import time

port, count, pause = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE


def visit(number):
    time.sleep(pause * number / count)
    while True:
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=15, context=context)
        try:
            while True:
                connection.request("GET", "/", headers={"Host": "localhost"})
                connection.getresponse().read()
                time.sleep(pause)
        except (OSError, http.client.HTTPException):
            connection.close()
            time.sleep(pause)


for number in range(count):
    threading.Thread(target=visit, args=(number,)).start()
