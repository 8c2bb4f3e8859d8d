"""Clients of the database that get its address as an app does. Each prints what went wrong; nothing: all is well.

database.py slow SECONDS   a client that takes so long for a step of its handshake
database.py lines PAGE     the programs of docs/guides/database.md, in its fenced blocks
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

PATIENCE_SECONDS = 120
PARTS = ("HOST", "PORT", "NAME", "USER", "PASSWORD")
# What each program does after it has connected; it prints the last one's answer.
WRITES = "CREATE TEMPORARY TABLE line (id INT);INSERT INTO line VALUES (7);SELECT id FROM line"
READS = "SELECT 3 + 4"

CURSOR = """
cursor = connection.cursor()
for statement in os.environ["STATEMENTS"].split(";"):
    cursor.execute(statement)
print(cursor.fetchone()[0])
"""
DJANGO = """
import django
from django.conf import settings
settings.configure(DATABASES=DATABASES)
django.setup()
from django.db import connection
"""
GO = """
package main

import (
	"fmt"
	"os"
	"strings"
)

func main() {
	database, err := open()
	if err != nil {
		panic(err)
	}
	// A temporary table belongs to its connection.
	database.SetMaxOpenConns(1)
	statements := strings.Split(os.Getenv("STATEMENTS"), ";")
	for _, statement := range statements[:len(statements)-1] {
		if _, err := database.Exec(statement); err != nil {
			panic(err)
		}
	}
	var answer int
	if err := database.QueryRow(statements[len(statements)-1]).Scan(&answer); err != nil {
		panic(err)
	}
	fmt.Println(answer)
}
"""
# How each block goes on, by its name.
REST = {
    "django": DJANGO + CURSOR,
    "dj-database-url": DJANGO + CURSOR,
    "sqlalchemy": """
from sqlalchemy import text
with engine.connect() as connection:
    for statement in os.environ["STATEMENTS"].split(";"):
        result = connection.execute(text(statement))
    print(result.scalar())
""",
    "aiomysql": """
import asyncio
from sqlalchemy import text
async def main():
    async with engine.connect() as connection:
        for statement in os.environ["STATEMENTS"].split(";"):
            result = await connection.execute(text(statement))
        print(result.scalar())
    await engine.dispose()
asyncio.run(main())
""",
    "peewee": "\nconnection = database.connection()\n" + CURSOR,
    "pymysql": CURSOR,
    "mysqlclient": CURSOR,
    "pdo": """
foreach (explode(';', getenv('STATEMENTS')) as $statement) $result = $database->query($statement);
echo $result->fetchColumn();
""",
    "mysqli": """
foreach (explode(';', getenv('STATEMENTS')) as $statement) $result = $database->query($statement);
echo $result->fetch_row()[0];
""",
    "mysql2": """
result = nil
ENV['STATEMENTS'].split(';').each { |statement| result = database.query(statement) }
puts result.first.values[0]
""",
    "driver": GO,
}


def run(command, environment):
    try:
        outcome = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS, stdin=subprocess.DEVNULL)
        return outcome.returncode, outcome.stdout.strip(), outcome.stderr.strip()
    except subprocess.TimeoutExpired:
        return 124, "", f"no end after {PATIENCE_SECONDS} s"


def program(folder, language, name, text):
    """Writes the program, and returns the command that starts it."""
    if language == "go":
        for file, part in (("open", text), ("main", REST[name])):
            with open(f"{folder}/{file}.go", "w") as out:
                out.write(part)
        # Debian's packages of Go's libraries are in the old form.
        environment = dict(
            os.environ, GO111MODULE="off", GOPATH="/usr/share/gocode", GOCACHE=f"{folder}/go-cache", HOME=folder)
        status, _, errors = run(
            ["go", "build", "-o", f"{folder}/driver", f"{folder}/open.go", f"{folder}/main.go"], environment)
        return [f"{folder}/driver"] if status == 0 else ["/bin/sh", "-c", f"cat >&2 <<'END'\n{errors}\nEND\nexit 1"]
    file = f"{folder}/{name}"
    with open(file, "w") as out:
        out.write(("<?php\n" if language == "php" else "") + text + REST[name])
    return [{"python": "/usr/bin/python3", "php": "php", "ruby": "ruby"}[language], file]


def try_program(language, name, text, folder, other_ca):
    """What is wrong with the block, as the app's two users and with a CA that did not sign the server's certificate."""
    command = program(folder, language, name, text)
    reading = dict(os.environ, DATABASE_URL=os.environ["DATABASE_READ_URL"], STATEMENTS=READS)
    for part in PARTS:
        reading[f"DATABASE_{part}"] = os.environ[f"DATABASE_READ_{part}"]
    deceived = dict(os.environ, STATEMENTS=WRITES, DATABASE_CA=other_ca)
    deceived["DATABASE_URL"] = os.environ["DATABASE_URL"].replace(os.environ["DATABASE_CA"], other_ca)
    faults = []
    for purpose, environment in (("write", dict(os.environ, STATEMENTS=WRITES)), ("read", reading)):
        status, output, errors = run(command, environment)
        if status != 0 or output != "7":
            faults.append(f"{name} does not {purpose}: status {status}, {output!r}, {errors}")
    status, output, errors = run(command, deceived)
    if status == 0 or not re.search("certificate|SSL|TLS", output + errors, re.IGNORECASE):
        faults.append(f"{name} believes a server that another CA vouches for: status {status}, {output!r}, {errors}")
    return faults


def lines(path):
    with open(path) as file:
        page = file.read()
    blocks = re.findall(r"^```(\w+) ([\w-]+)\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    url = 'DATABASES = {"default": dj_database_url.config()}'
    if url in page:
        blocks.append(("python", "dj-database-url", f"import os, dj_database_url\n{url}\n"))
    for name in REST.keys() - {name for _, name, _ in blocks}:
        print(f"{path} has no block {name}")
    for name in {name for _, name, _ in blocks} - REST.keys():
        print(f"{path} has a block {name}, and database.py does not know how to go on with it")
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        other_ca = f"{folder}/other.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=other", "-days", "2", "-keyout",
             f"{folder}/key", "-out", other_ca], check=True, capture_output=True)
        trials = [
            pool.submit(try_program, *block, folder, other_ca)
            # Go's compiler takes longest, so it begins.
            for block in sorted(blocks, key=lambda block: block[0] != "go") if block[1] in REST
        ]
        for trial in trials:
            for fault in trial.result():
                print(fault)


def slow(seconds):
    import pymysql

    class Slow(pymysql.connections.Connection):
        def _request_authentication(self):
            # The server has sent its greeting.
            time.sleep(seconds)
            super()._request_authentication()

    start = time.monotonic()
    connection = Slow(
        host=os.environ["DATABASE_HOST"], port=int(os.environ["DATABASE_PORT"]), user=os.environ["DATABASE_USER"],
        password=os.environ["DATABASE_PASSWORD"], database=os.environ["DATABASE_NAME"],
        ssl={"ca": os.environ["DATABASE_CA"]})
    connection.ping()
    if time.monotonic() - start < seconds:
        print("the client was not slow")


if sys.argv[1] == "slow":
    slow(float(sys.argv[2]))
else:
    lines(sys.argv[2])
