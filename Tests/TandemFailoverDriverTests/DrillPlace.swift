import EtcdTestServer
import Foundation
import Synchronization
import TandemBlueprint
import TandemCoordination
import TandemFailover
import TandemPKI
import TandemReplication
import TandemStack

/// Where the hosts of a drill lie, and what they have in common.
struct DrillPlace: Sendable {
    let folder: String
    /// The first three octets of the hosts' addresses.
    let prefix: String
    let timing: Timing
    let etcd: TestEtcd
    let peers: DrillPeers

    static let names = HostNames(["server1", "server2", "lb1"])

    var caFile: String { "\(folder)/ca.pem" }
    func address(_ host: Int) -> String { "\(prefix).\(11 + host)" }

    var stack: Stack {
        Stack(
            name: "shop", domain: "localhost",
            hosts: (0..<2).map {
                Host(name: Self.names.names[$0], address: address($0), roles: [.database])
            },
            balancer: Balancer(
                algorithm: .roundrobin, httpPort: Port(8080, isFixed: false), httpsPort: Port(8443, isFixed: false),
                maxConnections: 100),
            web: Web(staticFolder: nil, bodyLimitBytes: 1 << 20),
            app: App(
                run: "./shop", workingDirectory: "/", health: "/health", environment: [:], secrets: [:], instances: 1,
                startTimeoutSeconds: 30, requestTimeoutSeconds: 30, stopTimeoutSeconds: 10),
            database: Database(name: "shop", settings: ["innodb_buffer_pool_size": "64M"]), engines: Engines())
    }

    func layout(_ host: Int) throws -> Layout {
        let engines = ProcessInfo.processInfo.environment["TANDEM_TEST_ENGINES"] ?? ""
        let mysqld = URL(filePath: "\(engines)/bin/mysqld").resolvingSymlinksInPath().path
        guard !engines.isEmpty, FileManager.default.isExecutableFile(atPath: mysqld) else {
            throw NotSo(what: "TANDEM_TEST_ENGINES names a folder with bin/mysqld")
        }
        let base = URL(filePath: mysqld).deletingLastPathComponent().deletingLastPathComponent().path
        let plugins = ["lib/plugin", "lib/mysql/plugin", "lib64/mysql/plugin"].map { "\(base)/\($0)" }
            .first { FileManager.default.fileExists(atPath: "\($0)/semisync_source.so") }
        let programs = Layout.Programs(
            haproxy: "/none", nginx: "/none", mimeTypes: "/none", mysqld: mysqld, mysql: "\(engines)/bin/mysql",
            mysqlBase: base, mysqlPlugins: plugins ?? "\(base)/lib/plugin")
        let name = Self.names.names[host]
        return Layout(
            hostFolder: "\(folder)/\(name)", socketFolder: "\(folder)/\(name)/run", programs: programs, front: nil)
    }

    func writeCertificates() throws {
        let authority = try CertificateAuthority(
            stack: "shop", scope: CertificateScope(domains: ["shop.internal"], networks: []), now: Date())
        try Data(try authority.certificatePEM.utf8).write(to: URL(filePath: caFile))
        for host in 0..<2 {
            let name = "\(Self.names.names[host]).shop.internal"
            let issued = try authority.issue(
                CertificateRequest(
                    CertificateIdentity(stack: "shop", kind: .database, host: name), commonName: name, names: [name],
                    addresses: [address(host)]), now: Date())
            let layout = try layout(host)
            try FileManager.default.createDirectory(atPath: layout.tlsFolder, withIntermediateDirectories: true)
            for (file, text) in [
                (layout.caFile, try authority.certificatePEM), (layout.databaseCertificateFile, issued.certificatePEM),
                (layout.databaseKeyFile, issued.keyPEM),
            ] { try Data(text.utf8).write(to: URL(filePath: file)) }
        }
    }

    /// A test process that crashes cannot clean up: this helper waits for its end and does.
    func watch() throws {
        let script =
            #"trap "" INT TERM HUP; while kill -0 "$0" 2>/dev/null && test -d "$1"; do sleep 1; done; "#
            + #"for f in "$1"/*/mysqld.pid; do test -f "$f" && kill -9 "$(cat "$f")" 2>/dev/null; done; "#
            + #"sleep 0.3; rm -rf "$1""#
        let watcher = Process()
        watcher.executableURL = URL(filePath: "/bin/sh")
        watcher.arguments = ["-c", script, "\(getpid())", folder]
        watcher.standardOutput = FileHandle.nullDevice
        watcher.standardError = FileHandle.nullDevice
        watcher.standardInput = FileHandle.nullDevice
        try watcher.run()
    }
}

/// New data, made once for all drills of a process: each host begins with a copy of it.
actor DrillTemplate {
    static let shared = DrillTemplate()
    private var made: Task<String, any Error>?

    func copy(to folder: String, layout: Layout, statements: [String]) async throws {
        let task = made ?? Task { try await make(layout, statements) }
        made = task
        try FileManager.default.copyItem(atPath: try await task.value, toPath: folder)
    }

    private func make(_ layout: Layout, _ statements: [String]) async throws -> String {
        let place = NSTemporaryDirectory() + "/drill-template-\(getpid())"
        try? FileManager.default.removeItem(atPath: place)
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        try Data(statements.map { $0.replacing("\n", with: " ") + ";\n" }.joined().utf8).write(
            to: URL(filePath: "\(place)/init.sql"))
        let process = Process()
        process.executableURL = URL(filePath: layout.programs.mysqld)
        process.arguments =
            HostBlueprint.mysqlInitialise(layout: layout).dropFirst() + [
                "--user=root", "--datadir=\(place)/data", "--init-file=\(place)/init.sql",
                "--log-error=\(place)/err.log",
            ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let log = try? String(contentsOfFile: "\(place)/err.log", encoding: .utf8)
            throw NotSo(what: "new data is made: \(log ?? "")")
        }
        try? FileManager.default.removeItem(atPath: "\(place)/data/auto.cnf")
        return "\(place)/data"
    }
}
