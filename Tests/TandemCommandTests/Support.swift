import Foundation
import TandemAgent
import TandemBlueprint
import TandemStack
import TandemTopology
import Testing

@testable import TandemOperator
@testable import tandem

/// A folder of one test's own, deleted with the value.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = "/tmp/tandem-command-\(UUID().uuidString.prefix(13))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func put(_ name: String, _ text: String) throws {
        let url = URL(fileURLWithPath: "\(path)/\(name)")
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        // In place, as programs write their logs.
        guard let handle = FileHandle(forWritingAtPath: url.path) else { return try Data(text.utf8).write(to: url) }
        try handle.truncate(atOffset: 0)
        try handle.write(contentsOf: Data(text.utf8))
        try handle.close()
    }

    func append(_ name: String, _ bytes: some Sequence<UInt8>) throws {
        let handle = try #require(FileHandle(forWritingAtPath: "\(path)/\(name)"))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(bytes))
        try handle.close()
    }
}

/// The built program, beside the tests' own.
struct Program {
    struct Outcome {
        var status: Int32
        var output: String
        var error: String
    }

    static var path: String {
        // As root, programs run as users who may not enter this clone.
        if let folder = ProcessInfo.processInfo.environment["TANDEM_TEST_PROGRAMS"] { return "\(folder)/tandem" }
        let own =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        return "\((own as NSString).deletingLastPathComponent)/tandem"
    }

    /// - Parameter wrapper: a program that starts it, such as setpriv(1), with arguments.
    static func run(
        _ arguments: [String], in folder: String, environment: [String: String] = [:], through wrapper: [String] = []
    ) throws -> Outcome {
        let process = Process()
        let command = wrapper + [path] + arguments
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        var all = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        all["TERM"] = "xterm-256color"
        process.environment = all
        process.standardInput = FileHandle.nullDevice
        let (output, error) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = error
        try process.run()
        // One after the other is enough: what goes to standard error fits into a pipe.
        let text = output.fileHandleForReading.readDataToEndOfFile()
        let words = error.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Outcome(
            status: process.terminationStatus, output: String(decoding: text, as: UTF8.self),
            error: String(decoding: words, as: UTF8.self))
    }
}

enum Sample {
    static func host(_ number: Int, _ name: String, _ roles: [Role]) -> TandemStack.Host {
        TandemStack.Host(name: name, address: "127.31.7.\(number)", roles: roles)
    }

    static let all: [Role] = [.web, .app, .database]
    static let laptop = [
        host(11, "lb1", [.balancer]), host(12, "lb2", [.balancer]), host(21, "server1", all), host(22, "server2", all),
    ]

    static func applied(_ hosts: [TandemStack.Host] = laptop) -> AppliedStack {
        let stack = Stack(
            name: "shop", domain: "localhost", hosts: hosts,
            balancer: Balancer(
                algorithm: .roundrobin, httpPort: .init(8080, isFixed: false), httpsPort: .init(8443, isFixed: false),
                maxConnections: 100),
            web: Web(staticFolder: nil, bodyLimitBytes: 1 << 20),
            app: App(
                run: "./shop", workingDirectory: "/", health: "/health", environment: [:], secrets: [:], instances: 1,
                startTimeoutSeconds: 30, requestTimeoutSeconds: 30, stopTimeoutSeconds: 10),
            database: Database(name: "shop", settings: [:]), engines: Engines())
        return AppliedStack(
            stack: stack, stackFile: "/project/tandem.yaml",
            programs: .init(
                haproxy: "", nginx: "", mimeTypes: "", mysqld: "", mysql: "", mysqlBase: "", mysqlPlugins: ""),
            versions: [:], front: nil)
    }

    /// What an agent answers when all is well.
    static func answer(_ host: TandemStack.Host, pid: Int32 = 100) -> HostStatus {
        var names: [(String, Int)] = []
        if host.has(.balancer) { names.append(("haproxy", 8443)) }
        if host.has(.database) { names.append(("mysql", 3306)) }
        if host.has(.app) { names += [("router", 6446), ("app", 3000)] }
        if host.has(.web) { names.append(("nginx", 4443)) }
        return HostStatus(
            host: host.name, pid: pid,
            services: names.enumerated().map { index, service in
                ServiceStatus(
                    name: service.0, state: .running, pid: pid + Int32(index) + 1,
                    address: "\(host.address):\(service.1)", since: "2026-01-01T00:00:00Z")
            }, database: nil)
    }

    static func topology(
        _ hosts: [TandemStack.Host] = laptop, primary: DatabaseMember.State = .open,
        replicas: DatabaseMember.State = .streaming, lag: Double? = 0, sync: Topology.Sync = .pair
    ) -> Topology {
        let databases = hosts.filter { $0.has(.database) }
        return Topology(
            stack: "shop", epoch: 1, primary: databases.first?.name ?? "", sync: sync,
            members: databases.enumerated().map { index, host in
                DatabaseMember(
                    host: host.name, address: host.address, port: 3306, role: index == 0 ? .primary : .replica,
                    state: index == 0 ? primary : replicas, lagSeconds: index == 0 ? nil : lag,
                    partner: index == 0 ? databases.dropFirst().first?.name : nil)
            })
    }

    /// - Parameter change: what is not well.
    static func status(
        _ hosts: [TandemStack.Host] = laptop, isKept: Bool = true, topology: Topology? = nil,
        _ change: (inout [String: HostStatus]) -> Void = { _ in }
    ) -> StackStatus {
        var answers = Dictionary(uniqueKeysWithValues: hosts.map { ($0.name, answer($0)) })
        change(&answers)
        return StackStatus(
            applied: applied(hosts), keeping: StackKeeping(isAlive: isKept, pid: isKept ? 7 : nil), answers: answers,
            topology: topology ?? Self.topology(hosts))
    }
}
