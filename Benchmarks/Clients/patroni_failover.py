"""Changes of primary under Patroni, as a client of HAProxy feels them. Prints one JSON object.

Two PostgreSQL servers with synchronous replication, one Patroni each, etcd, and HAProxy with the settings of Patroni's own
template (https://github.com/patroni/patroni/blob/master/haproxy.cfg). Everything runs as an ordinary user, in one folder.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import psycopg

NODES = ["one", "two"]
BASE = 25400
ETCD = BASE
FRONT = BASE + 9
WRITERS = 8
WRITES_PER_SECOND = 224

# `shortest` is the least that Patroni takes (ttl 20, loop_wait 1, retry_timeout 3), and checks of HAProxy to match.
TIMINGS = {
    "defaults": {"ttl": 30, "loop_wait": 10, "retry_timeout": 10, "check": "inter 3s fall 3 rise 2"},
    "shortest": {"ttl": 20, "loop_wait": 1, "retry_timeout": 3, "check": "inter 500ms fall 2 rise 1"},
}


def rest(node):
    return BASE + 10 + NODES.index(node)


def port(node):
    return BASE + 20 + NODES.index(node)


class Cluster:
    def __init__(self, options, timing):
        self.options = options
        self.timing = TIMINGS[timing]
        self.folder = os.path.join(options.folder, timing)
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        self.processes = {}

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def start(self, name, command):
        log = open(os.path.join(self.folder, f"{name}.log"), "ab")
        # A group of its own: what belongs to a host is ended as one.
        self.processes[name] = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)

    def start_all(self):
        self.start("etcd", [
            self.options.etcd, "--data-dir", os.path.join(self.folder, "etcd"), "--log-level", "error",
            "--listen-client-urls", f"http://127.0.0.1:{ETCD}", "--advertise-client-urls", f"http://127.0.0.1:{ETCD}",
            "--listen-peer-urls", f"http://127.0.0.1:{ETCD + 1}", "--initial-cluster", f"default=http://127.0.0.1:{ETCD + 1}",
            "--initial-advertise-peer-urls", f"http://127.0.0.1:{ETCD + 1}"])
        for node in NODES:
            self.write(f"{node}.yml", self.settings(node))
            self.start_node(node)
        servers = "\n".join(
            f"    server {node} 127.0.0.1:{port(node)} maxconn 100 check port {rest(node)}" for node in NODES)
        path = self.write("haproxy.cfg", f"""
global
    maxconn 200
defaults
    log global
    mode tcp
    retries 2
    timeout client 30m
    timeout connect 4s
    timeout server 30m
    timeout check 5s
listen primary
    bind 127.0.0.1:{FRONT}
    option httpchk
    http-check expect status 200
    default-server {self.timing["check"]} on-marked-down shutdown-sessions
{servers}
""")
        self.start("haproxy", [self.options.haproxy, "-db", "-f", path])

    def settings(self, node):
        return f"""
scope: bench
name: {node}
restapi: {{listen: "127.0.0.1:{rest(node)}", connect_address: "127.0.0.1:{rest(node)}"}}
etcd3: {{host: "127.0.0.1:{ETCD}"}}
bootstrap:
  dcs:
    ttl: {self.timing["ttl"]}
    loop_wait: {self.timing["loop_wait"]}
    retry_timeout: {self.timing["retry_timeout"]}
    maximum_lag_on_failover: 1048576
    synchronous_mode: true
    postgresql:
      use_pg_rewind: true
      parameters: {{max_connections: 100, wal_level: replica, hot_standby: "on", wal_log_hints: "on"}}
  initdb: [{{encoding: UTF8}}, data-checksums]
postgresql:
  listen: 127.0.0.1:{port(node)}
  connect_address: 127.0.0.1:{port(node)}
  data_dir: {self.folder}/{node}
  bin_dir: {self.options.postgres}
  pgpass: {self.folder}/{node}.pgpass
  authentication:
    replication: {{username: replicator, password: r}}
    superuser: {{username: postgres, password: p}}
    rewind: {{username: rewinder, password: w}}
  pg_hba: ["host replication replicator 127.0.0.1/32 scram-sha-256", "host all all 127.0.0.1/32 scram-sha-256"]
  parameters: {{unix_socket_directories: "{self.folder}"}}
"""

    def start_node(self, node):
        self.start(node, [self.options.patroni, os.path.join(self.folder, f"{node}.yml")])

    def role(self, node):
        """What Patroni says of its server; None: it says nothing."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{rest(node)}/patroni", timeout=2) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return json.load(error)
        except OSError:
            return None

    def pair(self, patience=180):
        """The leader and its synchronous standby, once there are both."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            roles = {node: self.role(node) or {} for node in NODES}
            leaders = [n for n in NODES if roles[n].get("role") in ("primary", "master") and roles[n].get("state") == "running"]
            standbys = [n for n in NODES if roles[n].get("sync_standby") and roles[n].get("replication_state") == "streaming"]
            if len(leaders) == 1 and len(standbys) == 1:
                return leaders[0], standbys[0]
            time.sleep(0.2)
        raise SystemExit(f"patroni: no pair within {patience} s; see {self.folder}")

    def postmaster(self, node):
        with open(os.path.join(self.folder, node, "postmaster.pid")) as file:
            return int(file.readline())

    def servers_processes(self, node):
        first = self.postmaster(node)
        children = subprocess.run(["pgrep", "-P", str(first)], capture_output=True, text=True).stdout.split()
        return [first] + [int(child) for child in children]

    def stop(self):
        for node in NODES:
            try:
                self.signal(node, signal.SIGCONT)
                for pid in self.servers_processes(node):
                    os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        for process in self.processes.values():
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except OSError:
                pass
            process.wait()

    def signal(self, node, number):
        for pid in self.servers_processes(node):
            try:
                os.kill(pid, number)
            except OSError:
                pass


class Ledger:
    """Eight clients that write numbered rows through HAProxy, and connect anew when they are cut off."""

    def __init__(self):
        self.lock = threading.Lock()
        self.acknowledged = {}
        self.failed = 0
        self.ended = threading.Event()
        self.threads = []

    def connect(self):
        return psycopg.connect(
            host="127.0.0.1", port=FRONT, user="postgres", password="p", dbname="postgres", autocommit=True, connect_timeout=2)

    def begin(self):
        deadline = time.monotonic() + 60
        while True:
            try:
                with self.connect() as connection:
                    connection.execute("CREATE TABLE IF NOT EXISTS ledger (id text PRIMARY KEY)")
                    connection.execute("TRUNCATE ledger")
                break
            except psycopg.Error:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)
        self.threads = [threading.Thread(target=self.write, args=(number,), daemon=True) for number in range(WRITERS)]
        for thread in self.threads:
            thread.start()

    def write(self, writer):
        pause = WRITERS / WRITES_PER_SECOND
        connection = None
        number = 0
        while not self.ended.is_set():
            began = time.monotonic()
            number += 1
            try:
                if connection is None:
                    connection = self.connect()
                connection.execute("INSERT INTO ledger VALUES (%s)", (f"{writer}-{number}",))
                with self.lock:
                    self.acknowledged[f"{writer}-{number}"] = time.monotonic()
            except psycopg.Error:
                with self.lock:
                    self.failed += 1
                if connection is not None:
                    try:
                        connection.close()
                    except psycopg.Error:
                        pass
                connection = None
                time.sleep(0.02)
            time.sleep(max(0, pause - (time.monotonic() - began)))

    def wait(self, since, patience):
        """Until writes have flowed for 3 s after a pause, or the patience is at its end."""
        deadline = since + patience
        while time.monotonic() < deadline:
            time.sleep(0.2)
            with self.lock:
                times = sorted(t for t in self.acknowledged.values() if t > time.monotonic() - 3)
            flows = len(times) > WRITES_PER_SECOND and max(b - a for a, b in zip(times, times[1:])) < 0.5
            if flows and time.monotonic() - since > 5:
                return

    def end(self):
        self.ended.set()
        for thread in self.threads:
            thread.join(10)
        deadline = time.monotonic() + 60
        while True:
            try:
                with self.connect() as connection:
                    there = {row[0] for row in connection.execute("SELECT id FROM ledger")}
                return there
            except psycopg.Error:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    def pause(self, since):
        times = sorted(self.acknowledged.values())
        return max(b - a for a, b in zip(times, times[1:]) if b > since)


def strike(cluster, fault):
    leader, standby = cluster.pair()
    ledger = Ledger()
    ledger.begin()
    time.sleep(2)
    since = time.monotonic()
    undo = lambda: None
    if fault == "kill":
        os.kill(cluster.postmaster(leader), signal.SIGKILL)
    elif fault == "host":
        servers = cluster.servers_processes(leader)
        os.killpg(cluster.processes[leader].pid, signal.SIGKILL)
        for pid in servers:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        cluster.processes[leader].wait()
        undo = lambda: cluster.start_node(leader)
    elif fault == "freeze":
        frozen = cluster.servers_processes(leader)
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)
        def undo():
            for pid in frozen:
                try:
                    os.kill(pid, signal.SIGCONT)
                except OSError:
                    pass
    elif fault == "switchover":
        body = json.dumps({"leader": leader, "candidate": standby}).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{rest(leader)}/switchover", body, {"Content-Type": "application/json"}, method="POST")
        urllib.request.urlopen(request, timeout=60).read()
    elif fault == "replica":
        os.kill(cluster.postmaster(standby), signal.SIGKILL)
    # A frozen server is frozen for as long as that of Tandem's drill, and a host is away for 12 s.
    if fault in ("freeze", "host"):
        timer = threading.Timer(12, undo)
        timer.start()
        time.sleep(12)
        timer.join()
    ledger.wait(since, 120)
    cluster.pair()
    whole = time.monotonic() - since
    there = ledger.end()
    lost = [name for name in ledger.acknowledged if name not in there]
    return {
        "fault": fault, "pause": ledger.pause(since) * 1000, "whole": whole * 1000, "failed": ledger.failed,
        "acknowledged": len(ledger.acknowledged), "lost": len(lost)}


def main():
    parser = argparse.ArgumentParser()
    for name in ("etcd", "haproxy", "postgres", "patroni", "folder"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--timing", choices=sorted(TIMINGS), required=True)
    parser.add_argument("--faults", default="kill,host,freeze,switchover,replica")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    cluster = Cluster(options, options.timing)
    runs = []
    try:
        cluster.start_all()
        for _ in range(options.runs):
            for fault in options.faults.split(","):
                run = strike(cluster, fault)
                print(json.dumps(run), file=sys.stderr, flush=True)
                runs.append(run)
    finally:
        cluster.stop()
    print(json.dumps({"timing": options.timing, "runs": runs}))


if __name__ == "__main__":
    main()
