import Foundation
import Synchronization

/// A real mysqld of a test's own, on a loopback address, with TLS.
///
/// The programs come from the folder in `TANDEM_TEST_ENGINES`. Its data lives in a temporary folder; both end with the
/// test process, also when that crashes.
public final class MySQLTestServer: Sendable {
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    public let address: String
    public let port: Int
    public let folder: URL
    let engines: URL
    /// Lines for my.cnf that come last, and so win.
    let settings: String
    private let process = Mutex<Process?>(nil)

    /// The authority that signed the server's certificate.
    public var caFile: String { folder.appending(path: "ca.pem").path }
    /// An authority that did not.
    public var otherCAFile: String { folder.appending(path: "other-ca.pem").path }
    public var socketPath: String { folder.appending(path: "s.sock").path }
    /// The name in the server's certificate, beside its address.
    public static let serverName = "mysql.test"

    /// Where the server listens too, though its certificate does not say so.
    public var unnamedAddress: String {
        var octets = address.split(separator: ".").compactMap { UInt8($0) }
        octets[octets.endIndex - 1] ^= 0x80
        return octets.map(String.init).joined(separator: ".")
    }

    init(address: String, port: Int, folder: URL, engines: URL, settings: String) {
        self.settings = settings
        self.address = address
        self.port = port
        self.folder = folder
        self.engines = engines
    }

    /// Initialises and starts a server; takes some 3 seconds. `root` has no password and may come over the unix socket
    /// only.
    ///
    /// - Parameter settings: more lines for my.cnf.
    public static func start(
        address: String, port: Int = 3306, settings: String = ""
    ) async throws -> MySQLTestServer {
        guard let engines = ProcessInfo.processInfo.environment["TANDEM_TEST_ENGINES"], !engines.isEmpty else {
            throw Failure(
                description:
                    "TANDEM_TEST_ENGINES is not set; it names a folder with bin/mysqld and bin/mysql of MySQL 8 or later"
            )
        }
        let folder = URL(filePath: NSTemporaryDirectory()).appending(path: "mysql-test-\(UUID().uuidString.prefix(8))")
        let server = MySQLTestServer(
            address: address, port: port, folder: folder, engines: URL(filePath: engines),
            settings: settings)
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try server.makeCertificates()
            try server.writeConfiguration()
            if geteuid() == 0 { try run("/bin/chown", ["-R", "nobody", folder.path]) }
            try run(server.program("mysqld"), server.mysqldArguments + ["--initialize-insecure"])
            try await server.startAgain()
        } catch {
            server.stop()
            throw error
        }
        return server
    }

    /// Starts the server on its data, after `kill`.
    public func startAgain() async throws {
        try? FileManager.default.removeItem(atPath: socketPath + ".lock")
        let mysqld = Process()
        mysqld.executableURL = URL(filePath: program("mysqld"))
        mysqld.arguments = mysqldArguments
        mysqld.standardOutput = FileHandle.nullDevice
        mysqld.standardError = FileHandle.nullDevice
        try mysqld.run()
        process.withLock { $0 = mysqld }
        try watch(mysqld.processIdentifier)
        let deadline = ContinuousClock.now + .seconds(60)
        while (try? sql("SELECT 1")) == nil {
            guard mysqld.isRunning, ContinuousClock.now < deadline else {
                throw Failure(description: "mysqld did not start; its log:\n\(errorLog.suffix(3000))")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Runs statements as root; returns rows as lines, columns parted by tabs.
    @discardableResult
    public func sql(_ statements: String) throws -> String {
        try Self.run(program("mysql"), ["--no-defaults", "-uroot", "-S", socketPath, "-N", "-B", "-e", statements])
    }

    /// What the client says when it is refused; empty if it is not.
    public func refusal(of arguments: [String]) -> String {
        do {
            try Self.run(program("mysql"), ["--no-defaults"] + arguments)
            return ""
        } catch {
            return "\(error)"
        }
    }

    /// kill -9, as a power cut would.
    public func kill() {
        process.withLock { process in
            guard let running = process else { return }
            Foundation.kill(running.processIdentifier, SIGKILL)
            running.waitUntilExit()
            process = nil
        }
    }

    /// nil while it does not run.
    public var processID: Int32? { process.withLock { $0?.processIdentifier } }

    /// Ends the server and deletes its data.
    public func stop() {
        kill()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Freezes or thaws the server: its sockets stay open and nothing answers.
    public func setFrozen(_ isFrozen: Bool) {
        process.withLock { process in
            if let process { Foundation.kill(process.processIdentifier, isFrozen ? SIGSTOP : SIGCONT) }
        }
    }

    var errorLog: String { (try? String(contentsOf: folder.appending(path: "err.log"), encoding: .utf8)) ?? "(none)" }

    func program(_ name: String) -> String { engines.appending(path: "bin/\(name)").path }

    private var mysqldArguments: [String] {
        ["--defaults-file=\(folder.appending(path: "my.cnf").path)"] + (geteuid() == 0 ? ["--user=nobody"] : [])
    }

    /// A test process that crashes cannot clean up: this helper waits for its end and does.
    private func watch(_ pid: Int32) throws {
        let script =
            #"trap "" INT TERM HUP; while kill -0 "$0" 2>/dev/null && kill -0 "$1" 2>/dev/null; do sleep 1; done; "#
            + #"kill -0 "$0" 2>/dev/null || { kill -9 "$1"; sleep 0.2; rm -rf "$2"; }"#
        let watcher = Process()
        watcher.executableURL = URL(filePath: "/bin/sh")
        watcher.arguments = ["-c", script, "\(getpid())", "\(pid)", folder.path]
        watcher.standardOutput = FileHandle.nullDevice
        watcher.standardError = FileHandle.nullDevice
        watcher.standardInput = FileHandle.nullDevice
        try watcher.run()
    }

    @discardableResult
    public static func run(_ program: String, _ arguments: [String]) throws -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(description: "\(program) failed: \(text)") }
        return text
    }
}
