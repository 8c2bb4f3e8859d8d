import Foundation
import Testing

/// A stack in a folder of its own, run by the real command line. `end` deletes all of it.
struct TrialStack {
    let name: String
    let folder: String
    /// Whom the command line runs as; nil: whoever we are.
    var user: (id: UInt32, group: UInt32)?
    /// Stands in the stack file between its name and what the test says.
    private var head = ""
    /// The folder of the built programs.
    var programs = Self.programs

    static let programs = ProcessInfo.processInfo.environment["TANDEM_TEST_PROGRAMS"] ?? ""
    static var conduit: String { "\(programs)/conduit" }

    /// - Parameters:
    ///   - yaml: the stack file without its first line.
    ///   - parent: where its folder is made.
    init(_ name: String, _ yaml: String, parent: String = NSTemporaryDirectory(), head: String = "") throws {
        try #require(
            !Self.programs.isEmpty, "TANDEM_TEST_PROGRAMS must name the folder of the built programs; bin/test sets it")
        self.name = name
        self.head = head
        try Self.deleteLeftovers(of: name, in: parent)
        folder =
            "\(parent.hasSuffix("/") ? String(parent.dropLast()) : parent)/\(name)-\(UInt32.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        _ = TrialLock.take(folder)
        try write(yaml)
    }

    /// A run of the tests that was interrupted leaves its stacks running, and this machine has each name once.
    private static func deleteLeftovers(of name: String, in parent: String) throws {
        for entry in try FileManager.default.contentsOfDirectory(atPath: parent) where entry.hasPrefix("\(name)-") {
            let folder = URL(fileURLWithPath: parent).appendingPathComponent(entry).path
            guard FileManager.default.fileExists(atPath: "\(folder)/tandem.yaml"), TrialLock.take(folder) else {
                continue
            }
            let destroy = Process()
            destroy.executableURL = URL(fileURLWithPath: "\(programs)/tandem")
            destroy.arguments = ["destroy", "--yes", "--file", "\(folder)/tandem.yaml"]
            try destroy.run()
            destroy.waitUntilExit()
            // Of a stack file that is wrong on purpose nothing was ever started.
            let wasNothing =
                destroy.terminationStatus == 3
                && !["\(folder)/.tandem/\(name)", "/var/lib/tandem/stacks/\(name)"].contains {
                    FileManager.default.fileExists(atPath: $0)
                }
            try #require(
                destroy.terminationStatus == 0 || wasNothing,
                "what an interrupted run left in \(folder) could not go away")
            try FileManager.default.removeItem(atPath: folder)
            unlink(TrialLock.path(folder))
        }
    }

    /// Another user has a store of their own; for a test the one that is filled already will do.
    func environment(_ more: [String: String]) -> [String: String] {
        guard user != nil, let store = Self.engineStore else { return more }
        return more.merging(["TANDEM_ENGINES": store, "HOME": folder]) { own, _ in own }
    }

    /// The folder of the engines that the tests were given.
    static var engineStore: String? {
        guard let links = ProcessInfo.processInfo.environment["TANDEM_TEST_ENGINES"] else { return nil }
        // STORE/nginx-VERSION/usr/sbin/nginx
        var store = URL(fileURLWithPath: "\(links)/bin/nginx").resolvingSymlinksInPath()
        for _ in 0..<4 { store.deleteLastPathComponent() }
        return store.path
    }

    func write(_ yaml: String) throws {
        try "stack: \(name)\n\(head)\(yaml)\n".write(toFile: "\(folder)/tandem.yaml", atomically: true, encoding: .utf8)
    }

    @discardableResult
    func tandem(_ arguments: String..., environment: [String: String] = [:]) async throws -> Program.Outcome {
        try await Program.run(
            "\(programs)/tandem", arguments, folder: folder, environment: self.environment(environment), user: user)
    }

    /// Runs `tandem` and expects it to end well.
    @discardableResult
    func succeed(
        _ arguments: String..., environment: [String: String] = [:],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Program.Outcome {
        let outcome = try await Program.run(
            "\(programs)/tandem", arguments, folder: folder, environment: self.environment(environment), user: user)
        try #require(
            outcome.status == 0, "tandem \(arguments.joined(separator: " ")): \(outcome)",
            sourceLocation: sourceLocation)
        return outcome
    }

    func status() async throws -> Status {
        let outcome = try await tandem("status", "--format", "json")
        return try JSONDecoder().decode(Status.self, from: Data(outcome.output.utf8))
    }

    /// Deletes the stack, whatever state it is in.
    func end() async throws {
        try await succeed("destroy", "--yes")
        try FileManager.default.removeItem(atPath: folder)
        unlink(TrialLock.path(folder))
    }

    /// The state folder on this machine.
    var stateFolder: String {
        geteuid() == 0 && user == nil ? "/var/lib/tandem/stacks/\(name)" : "\(folder)/.tandem/\(name)"
    }

    /// Processes that belong to this stack: those whose command line names its state folder, and its apps.
    func processes() -> [String] {
        let pids = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int($0) }
        return pids.compactMap { pid in
            guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") else { return nil }
            let line = String(decoding: data, as: UTF8.self).replacing("\0", with: " ")
            let environment = FileManager.default.contents(atPath: "/proc/\(pid)/environ") ?? Data()
            let isOurs =
                line.contains(stateFolder + "/") || line.contains(stateFolder + " ")
                || environment.split(separator: 0).contains { $0.elementsEqual("TANDEM_STACK=\(name)".utf8) }
            return isOurs ? "\(pid) \(line)" : nil
        }
    }
}

/// What `tandem status --format json` promises.
struct Status: Decodable {
    struct HostState: Decodable {
        struct Agent: Decodable {
            var state: String
            var pid: Int32?
        }
        struct Service: Decodable {
            var name: String
            var state: String
            var pid: Int32?
            var address: String
            var since: String
            var restarts: Int
            var detail: String?
        }
        var name: String
        var address: String
        var roles: [String]
        var agent: Agent
        var services: [Service]
    }
    struct Database: Decodable {
        struct Replica: Decodable {
            var host: String
            var state: String
            var lag_seconds: Int?
        }
        var epoch: Int
        var primary: String
        var replicas: [Replica]
        var sync: String
    }
    struct Job: Decodable {
        struct Run: Decodable {
            var host: String
            var began: String
            var ended: String?
            var exit_status: Int?
            var detail: String?
        }
        var name: String
        var state: String
        var at: String
        var next_due: String
        var last: Run?
    }
    var stack: String
    var state: String
    var url: String
    var keeper: HostState.Agent
    var hosts: [HostState]
    var database: Database?
    var jobs: [Job]?

    func host(_ name: String) throws -> HostState { try #require(hosts.first { $0.name == name }) }

    func service(_ service: String, on host: String) throws -> HostState.Service {
        try #require(try self.host(host).services.first { $0.name == service })
    }
}

/// Listening TCP ports of this machine on an address that begins with `prefix`, such as `127.20.3.`.
func listeners(addressPrefix prefix: String) throws -> [String] {
    // Foundation takes a short read, of which this file gives many, for the end.
    let handle = try #require(FileHandle(forReadingAtPath: "/proc/net/tcp"))
    var bytes = Data()
    while let more = try handle.read(upToCount: 4096), !more.isEmpty { bytes += more }
    let table = String(decoding: bytes, as: UTF8.self)
    return table.split(separator: "\n").dropFirst().compactMap { line in
        let fields = line.split(separator: " ")
        guard fields.count > 3, fields[3] == "0A" else { return nil }
        let parts = fields[1].split(separator: ":")
        guard parts.count == 2, let number = UInt32(parts[0], radix: 16), let port = Int(parts[1], radix: 16) else {
            return nil
        }
        // The kernel prints the address as a number in the machine's byte order.
        let address = (0..<4).map { String((number >> ($0 * 8)) & 0xff) }.joined(separator: ".")
        return address.hasPrefix(prefix) ? "\(address):\(port)" : nil
    }
}
