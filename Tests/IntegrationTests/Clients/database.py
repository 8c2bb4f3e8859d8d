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
# Parameters of Doctrine's DBAL, as Symfony's bundle hands them on.
SYMFONY = r"""
require '/usr/share/php/Symfony/Component/Yaml/autoload.php';
require '/usr/share/php/Doctrine/DBAL/autoload.php';
use Symfony\Component\Yaml\Yaml;
$parameters = Yaml::parseFile(__DIR__ . '/symfony.txt', Yaml::PARSE_CONSTANT)['doctrine']['dbal'];
array_walk_recursive($parameters, function (&$value) {
    if (preg_match('/^%env\((?:(int):)?(\w+)\)%$/', $value, $found)) $value = $found[1] ? (int) getenv($found[2]) : getenv($found[2]);
});
$parameters['driverOptions'] = $parameters['options'];
$database = Doctrine\DBAL\DriverManager::getConnection($parameters);
foreach (explode(';', getenv('STATEMENTS')) as $statement) $result = $database->executeQuery($statement);
echo $result->fetchOne();
"""
# The connection `mysql` of Laravel's own config/database.php; before version 11 it reads DATABASE_URL too.
LARAVEL = r"""
require '/usr/share/php/Illuminate/Database/autoload.php';
$capsule = new Illuminate\Database\Capsule\Manager;
$capsule->addConnection([
    'driver' => getenv('DB_CONNECTION'), 'url' => getenv('DATABASE_URL'), 'host' => getenv('DB_HOST'), 'port' => getenv('DB_PORT'),
    'database' => getenv('DB_DATABASE'), 'username' => getenv('DB_USERNAME'), 'password' => getenv('DB_PASSWORD'),
    'charset' => 'utf8mb4', 'collation' => 'utf8mb4_unicode_ci', 'prefix' => '', 'strict' => true, 'engine' => null,
    'options' => array_filter([PDO::MYSQL_ATTR_SSL_CA => getenv('MYSQL_ATTR_SSL_CA')]),
]);
$statements = explode(';', getenv('STATEMENTS'));
$last = array_pop($statements);
foreach ($statements as $statement) $capsule->getConnection()->statement($statement);
echo array_values((array) $capsule->getConnection()->selectOne($last))[0];
"""
JAVA = """
import java.sql.*;

class Line {
    public static void main(String[] arguments) throws Exception {
        String url = arguments[0];
        for (var entry : System.getenv().entrySet()) url = url.replace("${" + entry.getKey() + "}", entry.getValue());
        try (Connection connection = DriverManager.getConnection(url); Statement statement = connection.createStatement()) {
            for (String text : System.getenv("STATEMENTS").split(";")) statement.execute(text);
            ResultSet answer = statement.getResultSet();
            answer.next();
            System.out.println(answer.getInt(1));
        }
    }
}
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
    "rails": """
require 'active_record'
ActiveRecord::Base.establish_connection(ENV['DATABASE_URL'].sub('mysql://', 'mysql2://').sub('ssl-ca', 'sslca'))
result = nil
ENV['STATEMENTS'].split(';').each { |statement| result = ActiveRecord::Base.connection.execute(statement) }
puts result.first[0]
""",
    "symfony": SYMFONY,
    "laravel": LARAVEL,
    "mariadb": JAVA,
    "driver": GO,
}
# What the page says in passing: the line, and the beginning of the program.
IN_PASSING = [
    ("python", "dj-database-url", 'DATABASES = {"default": dj_database_url.config()}', "import os, dj_database_url\n{}\n"),
    ("ruby", "rails", "`database: url: mysql2`", ""),
]


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
    if language in ("yaml", "sh", "jdbc"):
        with open(f"{file}.txt", "w") as out:
            out.write(text)
        with open(f"{folder}/Line.java" if language == "jdbc" else file, "w") as out:
            out.write(REST[name] if language == "jdbc" else f"<?php\n{REST[name]}")
        if language == "jdbc":
            # Debian's is of version 2, which has another name for this.
            url = text.strip().replace("sslMode=verify-ca", "useSsl=true")
            return ["java", "-cp", "/usr/share/java/mariadb-java-client.jar", f"{folder}/Line.java", url]
        return ["php", file] if language == "yaml" else ["/bin/sh", "-c", f". {file}.txt && exec php {file}"]
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
    blocks += [(language, name, begin.format(line)) for language, name, line, begin in IN_PASSING if line in page]
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
