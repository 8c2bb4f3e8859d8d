import Foundation
import Glibc
import Testing

extension AlertFault {
    static var ofProcesses: [AlertFault] {
        [
            AlertFault(
                name: "balancers", alerts: ["SiteUnreachable"], what: "both HAProxy killed, their files not to be read",
                begin: { try await $0.withhold("haproxy.cfg", of: "haproxy", on: "lb1", "lb2") },
                end: { $0.giveBack("haproxy.cfg", on: "lb1", "lb2") }),
            AlertFault(
                name: "databases", alerts: ["WritesWait"], what: "both mysqld killed, their files not to be read",
                begin: { try await $0.withhold("my.cnf", of: "mysql", on: "server1", "server2") },
                end: { $0.giveBack("my.cnf", on: "server1", "server2") }),
            AlertFault(
                name: "replica", alerts: ["ServiceDown", "NoSecondDatabase", "ReplicaStopped"],
                what: "a replica's mysqld killed, its file not to be read",
                begin: { try await $0.withhold("my.cnf", of: "mysql", on: try await $0.replica) },
                end: { $0.giveBack("my.cnf", on: "server1", "server2") }),
            AlertFault(
                name: "monitor", alerts: ["MonitoringBlind"], what: "one Prometheus killed, its file not to be read",
                begin: { try await $0.withhold("prometheus.yml", of: "prometheus", on: "lb2") },
                end: { $0.giveBack("prometheus.yml", on: "lb2") }),
            AlertFault(
                name: "agent", alerts: ["HostSilent"], what: "an agent killed, its key not to be read",
                begin: { stage in
                    try await stage.moveAgentKey(to: "agent-key.pem.away", from: "agent-key.pem")
                    kill(try #require(try await stage.stack.status().host("lb2").agent.pid), SIGKILL)
                }, end: { try await $0.moveAgentKey(to: "agent-key.pem", from: "agent-key.pem.away") }),
            AlertFault(
                name: "crashes", alerts: ["CrashLoop"], what: "an nginx killed four times within 30 s",
                patienceAfter: 900,
                begin: { stage in
                    for turn in 0..<4 {
                        if turn > 0 { try await Task.sleep(for: .seconds(10)) }
                        try await stage.kill("nginx", on: "server1")
                    }
                }, end: { _ in }),
            AlertFault(
                name: "etcd", alerts: ["JobMissed"],
                what: "all of etcd killed, its files not to be read; a job is due each minute", patience: 420,
                begin: { try await $0.withhold("etcd.yaml", of: "etcd", on: "lb1", "server1", "server2") },
                end: { $0.giveBack("etcd.yaml", on: "lb1", "server1", "server2") }),
        ]
    }

    static var ofHosts: [AlertFault] {
        [
            AlertFault(
                name: "certificate", alerts: ["CertificateEnds"], what: "the front's certificate ends in ten days",
                patience: 480,
                begin: { try await $0.shortenCertificate("\($0.stack.stateFolder)/hosts/lb1/tls/front.pem", days: 10) },
                end: { try await $0.stack.succeed("up", "--detach") }),
            AlertFault(
                name: "disk", alerts: ["DiskFull"], what: "the disk of a replica's data has 90 MB of 2 GB left",
                patience: 480, prepare: { try await $0.mountDisk(of: "server2") },
                begin: { try await $0.fillDisk(of: "server2", leavingMegabytes: 90) },
                end: { $0.emptyDisk(of: "server2") }),
            AlertFault(
                name: "filling", alerts: ["DiskFull"],
                what: "700 MB of 2 GB are left for a replica's data, and each hour 180 MB fewer", patience: 4500,
                takesLong: true, prepare: { try await $0.mountDisk(of: "server2") },
                begin: { stage in
                    try await stage.fillDisk(of: "server2", leavingMegabytes: 700)
                    let step = #"while :; do head -c 1M /dev/zero >>"$0/growing"; sleep 20; done"#
                    try stage.help("/bin/sh", "-ec", step, stage.dataFolder(of: "server2"))
                },
                end: { stage in
                    try await stage.endHelpers()
                    stage.emptyDisk(of: "server2")
                }),
            AlertFault(
                name: "memory", alerts: ["MemoryLow"], what: "one process takes all memory but 3 %", patience: 480,
                takesAll: true, begin: { try $0.takeMemory(leavingPercent: 3) }, end: { try await $0.endHelpers() }),
        ]
    }
}

extension AlertStage {
    /// Has the stack's authority sign what is in a bundle anew.
    func shortenCertificate(_ path: String, days: Int) async throws {
        let sign = """
            openssl x509 -in "$0" -x509toreq -signkey "$0" -copy_extensions copyall |
                openssl x509 -req -days \(days) -CA "$1.pem" -CAkey "$1-key.pem" -copy_extensions copyall
            openssl pkey -in "$0"
            """
        let bundle = try await Self.run("/bin/sh", "-ec", sign, path, "\(stack.stateFolder)/pki/ca")
        // In place: it stays the property of the stack's account.
        let file = try #require(FileHandle(forWritingAtPath: path))
        try file.truncate(atOffset: 0)
        try file.write(contentsOf: Data(bundle.utf8))
        try file.close()
    }

    /// Has a process of its own take the machine's memory. Where that is too much, the kernel ends it before any other.
    func takeMemory(leavingPercent: Int) throws {
        let take = """
            import sys, time
            with open("/proc/self/oom_score_adj", "w") as own: own.write("1000")
            def kilobytes(name):
                return next(int(line.split()[1]) for line in open("/proc/meminfo") if line.startswith(name + ":"))
            if kilobytes("SwapTotal"): sys.exit("what is taken would be swapped out")
            left = kilobytes("MemTotal") * int(sys.argv[1]) // 100
            taken = []
            while True:
                more = kilobytes("MemAvailable") - left
                if more > 1024: taken.append(b"x" * (min(more, 65536) * 1024))
                else: time.sleep(0.5)
            """
        try help("/usr/bin/python3", "-c", take, "\(leavingPercent)")
    }

    func moveAgentKey(to name: String, from other: String) async throws {
        let folder = "\(stack.stateFolder)/run/lb2"
        try #require(rename("\(folder)/\(other)", "\(folder)/\(name)") == 0, "\(folder)/\(other) could not be moved")
    }
}
