import Foundation

/// The stack that Tandem runs: the default one, in a folder of its own.
struct TandemStack {
    let program: String
    let folder: String
    static let name = "benchmark"
    private let app: String

    /// - Parameter more: of the stack file.
    init(program: String, app: String, more: String = "") throws {
        self.program = program
        folder = NSTemporaryDirectory() + "/tandem-benchmark-\(ProcessInfo.processInfo.processIdentifier)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        self.app = app
        try put(more)
        // What an earlier run that was cut short has left.
        try run("destroy", "--yes")
    }

    /// Writes the stack file.
    /// - Parameter more: besides its name and its app.
    func put(_ more: String) throws {
        try "stack: \(Self.name)\napp:\n  run: '\(app)'\n\(more)".write(
            toFile: "\(folder)/tandem.yaml", atomically: true, encoding: .utf8)
    }

    @discardableResult
    func run(_ arguments: String...) throws -> String { try Program.succeed([program] + arguments, folder: folder) }

    func remove() {
        _ = try? run("destroy", "--yes")
        try? FileManager.default.removeItem(atPath: folder)
    }

    struct Status: Decodable {
        struct Agent: Decodable { var pid: Int32? }
        struct Service: Decodable {
            var name: String
            var pid: Int32?
        }
        struct Host: Decodable {
            var name: String
            var address: String
            var agent: Agent
            var services: [Service]
        }
        struct Keeper: Decodable { var pid: Int32? }
        var url: String
        var keeper: Keeper
        var hosts: [Host]

        func pids(_ service: String) -> [Int32] {
            hosts.flatMap(\.services).filter { $0.name == service }.compactMap(\.pid)
        }

        func address(_ host: String) throws -> String {
            guard let found = hosts.first(where: { $0.name == host }) else { throw Failure("there is no host \(host)") }
            return found.address
        }
    }

    func status() throws -> Status {
        try JSONDecoder().decode(Status.self, from: Data(run("status", "--format", "json").utf8))
    }

    /// What Tandem made for a host: `tls/`, `etc/` and the like.
    func hostFolder(_ host: String) -> String {
        let state = geteuid() == 0 ? "/var/lib/tandem/stacks/\(Self.name)" : "\(folder)/.tandem/\(Self.name)"
        return "\(state)/hosts/\(host)"
    }

    /// The real servers' programs, by name.
    func engine(_ name: String) throws -> String {
        let links = "\(folder)/engines"
        try run("engines", "link", links)
        return URL(fileURLWithPath: "\(links)/bin/\(name)").resolvingSymlinksInPath().path
    }

    func versions() throws -> String {
        try ["haproxy", "nginx", "mysqld"].map { name in
            // nginx writes its version where errors go.
            let outcome = try Program.run([engine(name), name == "mysqld" ? "--version" : "-v"])
            let words = (outcome.output + outcome.errors).split(whereSeparator: { " \n/".contains($0) })
            let version = words.first { $0.first?.isNumber == true && $0.contains(".") } ?? "?"
            return "\(name) \(version)"
        }
        .joined(separator: ", ")
    }
}
