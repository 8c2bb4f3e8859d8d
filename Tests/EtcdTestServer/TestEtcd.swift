import Foundation
import Synchronization
public import TandemCoordination
import TandemPKI

/// A real etcd cluster of a test's own, on loopback addresses, with TLS and client certificates.
///
/// The program comes from the folder in `TANDEM_TEST_ENGINES`. All ends with the test process, also when that crashes.
public final class TestEtcd: Sendable {
    public struct Failure: Error, CustomStringConvertible {
        public let description: String

        public init(description: String) { self.description = description }
    }

    public let folder: String
    public let members: [TestMember]
    private let authority: CertificateAuthority

    /// Runs a body with a cluster that has a leader.
    public static func with<Result>(
        members: Int = 1, arguments: [String] = [], _ body: (TestEtcd) async throws -> Result
    ) async throws -> Result {
        let etcd = try TestEtcd(members: members, arguments: arguments)
        defer { etcd.stop() }
        for member in etcd.members { try member.start() }
        for member in etcd.members { try await etcd.waitForLeader(member) }
        return try await body(etcd)
    }

    /// A cluster that the caller stops.
    public static func start(members: Int = 1) async throws -> TestEtcd {
        let etcd = try TestEtcd(members: members, arguments: [])
        do {
            for member in etcd.members { try member.start() }
            for member in etcd.members { try await etcd.waitForLeader(member) }
        } catch {
            etcd.stop()
            throw error
        }
        return etcd
    }

    private static let network = Mutex(0)

    private init(members count: Int, arguments: [String]) throws {
        guard let engines = ProcessInfo.processInfo.environment["TANDEM_TEST_ENGINES"],
            FileManager.default.isExecutableFile(atPath: "\(engines)/bin/etcd")
        else {
            throw Failure(
                description:
                    "TANDEM_TEST_ENGINES names no folder with bin/etcd; get it with `tandem engines install etcd`, "
                    + "and link it with `tandem engines link FOLDER`")
        }
        folder = NSTemporaryDirectory() + "/etcd-test-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        authority = try Self.makeAuthority()
        let network = Self.network.withLock { number in
            number += 1
            return number
        }
        let addresses = (1...count).map { "127.83.\(network).\($0)" }
        let cluster = addresses.enumerated().map { "m\($0 + 1)=https://\($1):2380" }.joined(separator: ",")
        let folder = folder
        members = addresses.enumerated().map { index, address in
            TestMember(
                name: "m\(index + 1)", address: address, folder: folder, program: "\(engines)/bin/etcd",
                arguments: ["--initial-cluster", cluster, "--initial-cluster-token", folder] + arguments)
        }
        try write("ca.pem", authority.certificatePEM)
        for member in members {
            let host = "\(member.name).store.shop.internal"
            // On one machine every member is called from 127.0.0.1, and etcd wants its peers' certificates to name
            // that.
            try issue(
                host, .store, from: authority, names: [host], addresses: [member.address, "127.0.0.1"],
                file: member.name)
        }
        try issue("client", .agent, from: authority, file: "client")
        let stranger = try Self.makeAuthority()
        try write("stranger-ca.pem", stranger.certificatePEM)
        try issue("stranger", .agent, from: stranger, file: "stranger")
    }

    private static func makeAuthority() throws -> CertificateAuthority {
        try CertificateAuthority(
            stack: "shop", scope: CertificateScope(domains: ["shop.internal"], networks: []), now: Date())
    }

    private func issue(
        _ host: String, _ kind: CertificateIdentity.Kind, from authority: CertificateAuthority, names: [String] = [],
        addresses: [String] = [], file: String
    ) throws {
        let request = try CertificateRequest(
            CertificateIdentity(stack: "shop", kind: kind, host: host), commonName: host, names: names,
            addresses: addresses)
        let issued = try authority.issue(request, now: Date())
        try write("\(file).pem", issued.certificatePEM)
        try write("\(file)-key.pem", issued.keyPEM)
    }

    private func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name)"))
    }

    /// Generous: other programs want the processor, too.
    public func configuration(_ endpoints: [EtcdEndpoint]? = nil, deadline: Duration = .seconds(10))
        -> EtcdConfiguration
    {
        var configuration = EtcdConfiguration(
            endpoints: endpoints ?? members.map(\.endpoint), certificate: "\(folder)/client.pem",
            key: "\(folder)/client-key.pem", ca: "\(folder)/ca.pem")
        configuration.deadline = deadline
        return configuration
    }

    /// Runs a body with a client, which is shut down afterwards.
    public func withClient<Result>(
        _ configuration: EtcdConfiguration? = nil, _ body: (EtcdClient) async throws -> Result
    ) async throws -> Result {
        let client = try EtcdClient(configuration ?? self.configuration())
        do {
            let result = try await body(client)
            await client.shutdown()
            return result
        } catch {
            await client.shutdown()
            throw error
        }
    }

    public func waitForLeader(_ member: TestMember) async throws {
        try await withClient { client in
            let deadline = ContinuousClock.now + .seconds(60)
            while true {
                if case .value(let status)? = try? await client.status(of: member.endpoint, within: .seconds(2)),
                    status.leader != nil
                {
                    return
                }
                guard ContinuousClock.now < deadline else {
                    throw Failure(description: "etcd has no leader; \(member.name)'s log:\n\(member.log.suffix(3000))")
                }
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    public func stop() {
        for member in members { member.kill() }
        try? FileManager.default.removeItem(atPath: folder)
    }
}

/// One etcd process.
public final class TestMember: Sendable {
    public let name: String
    public let address: String
    private let folder: String
    private let program: String
    private let arguments: [String]
    private let process = Mutex<Process?>(nil)

    init(name: String, address: String, folder: String, program: String, arguments: [String]) {
        self.name = name
        self.address = address
        self.folder = folder
        self.program = program
        self.arguments = arguments
    }

    public var endpoint: EtcdEndpoint { EtcdEndpoint(address: address, name: "\(name).store.shop.internal") }

    public var log: String { (try? String(contentsOfFile: "\(folder)/\(name).log", encoding: .utf8)) ?? "(none)" }

    public func start() throws {
        let etcd = Process()
        etcd.executableURL = URL(filePath: program)
        let (clients, peers) = ("https://\(address):2379", "https://\(address):2380")
        let (certificate, key, ca) = ("\(folder)/\(name).pem", "\(folder)/\(name)-key.pem", "\(folder)/ca.pem")
        etcd.arguments =
            [
                "--name", name, "--data-dir", "\(folder)/\(name)", "--initial-cluster-state", "new",
                "--listen-client-urls", clients, "--advertise-client-urls", clients, "--listen-peer-urls", peers,
                "--initial-advertise-peer-urls", peers, "--client-cert-auth", "--peer-client-cert-auth",
                "--cert-file", certificate, "--key-file", key, "--trusted-ca-file", ca,
                "--peer-cert-file", certificate, "--peer-key-file", key, "--peer-trusted-ca-file", ca,
                // A test does not cut the power.
                "--unsafe-no-fsync", "--log-level", "warn", "--log-outputs", "\(folder)/\(name).log",
            ] + arguments
        etcd.standardOutput = FileHandle.nullDevice
        etcd.standardError = FileHandle.nullDevice
        etcd.standardInput = FileHandle.nullDevice
        try etcd.run()
        process.withLock { $0 = etcd }
        try watch(etcd.processIdentifier)
    }

    /// A test process that crashes cannot clean up: this helper waits for its end and does.
    private func watch(_ pid: Int32) throws {
        let script =
            #"trap "" INT TERM HUP; while kill -0 "$0" 2>/dev/null && kill -0 "$1" 2>/dev/null; do sleep 1; done; "#
            + #"kill -0 "$0" 2>/dev/null || { kill -9 "$1"; sleep 0.2; rm -rf "$2"; }"#
        let watcher = Process()
        watcher.executableURL = URL(filePath: "/bin/sh")
        watcher.arguments = ["-c", script, "\(getpid())", "\(pid)", folder]
        watcher.standardOutput = FileHandle.nullDevice
        watcher.standardError = FileHandle.nullDevice
        watcher.standardInput = FileHandle.nullDevice
        try watcher.run()
    }

    /// kill -9.
    public func kill() {
        process.withLock { process in
            guard let running = process else { return }
            Foundation.kill(running.processIdentifier, SIGKILL)
            running.waitUntilExit()
            process = nil
        }
    }

    public func setFrozen(_ isFrozen: Bool) {
        process.withLock { process in
            if let process { Foundation.kill(process.processIdentifier, isFrozen ? SIGSTOP : SIGCONT) }
        }
    }
}
