import Foundation
import TandemStack
import Testing

@testable import TandemFleet

/// A real sshd on a loopback address of its own, and a client's configuration that knows it. It ends with the value.
final class SSHServer: @unchecked Sendable {
    let folder: String
    let port: Int
    private let process = Process()

    private static let address = "127.87.22.1"

    /// - Parameters:
    ///   - user: who may log in; nil: who runs the tests.
    ///   - settings: further lines of sshd_config.
    init(user: String? = nil, settings: [String] = []) async throws {
        folder = "/tmp/tandem-sshd-\(UUID().uuidString.prefix(13))"
        port = Int.random(in: 20_000...30_000)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        for name in ["host", "other", "client", "stranger"] {
            try await Self.tool("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", "\(folder)/\(name)")
        }
        try FileManager.default.copyItem(atPath: "\(folder)/client.pub", toPath: "\(folder)/authorized")
        // sshd reads it as the user who logs in.
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder)
        try knowHost("host")
        try put(
            "sshd_config",
            ([
                "Port \(port)", "ListenAddress \(Self.address)", "HostKey \(folder)/host", "PidFile none", "UsePAM no",
                "AuthorizedKeysFile \(folder)/authorized", "PasswordAuthentication no", "StrictModes no",
                "KbdInteractiveAuthentication no",
            ] + settings).joined(separator: "\n") + "\n")
        try configure(key: "client", user: user ?? NSUserName())
        // Where it leaves root before it speaks with strangers.
        if geteuid() == 0 {
            try FileManager.default.createDirectory(atPath: "/run/sshd", withIntermediateDirectories: true)
        }
        process.executableURL = URL(fileURLWithPath: "/usr/sbin/sshd")
        process.arguments = ["-D", "-e", "-f", "\(folder)/sshd_config"]
        process.standardInput = FileHandle.nullDevice
        process.standardError = FileHandle(forWritingAtPath: try put("log", ""))
        try process.run()
        let end = ContinuousClock.now + .seconds(60)
        while !log.contains("Server listening") {
            try #require(process.isRunning && ContinuousClock.now < end, "sshd does not listen: \(log)")
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    deinit {
        process.terminate()
        try? FileManager.default.removeItem(atPath: folder)
    }

    var log: String { (try? String(contentsOfFile: "\(folder)/log", encoding: .utf8)) ?? "" }

    /// How often somebody has logged in.
    var logins: Int { log.components(separatedBy: "Accepted publickey").count - 1 }

    /// - Parameter key: one of the files that were made; nil: no key at all is known.
    func knowHost(_ key: String?) throws {
        let text = try key.map { try String(contentsOfFile: "\(folder)/\($0).pub", encoding: .utf8) }
        try put("known_hosts", text.map { "[\(Self.address)]:\(port) \($0)" } ?? "")
    }

    /// Writes the client's configuration.
    func configure(key: String, user: String, more: String = "") throws {
        try put(
            "ssh_config",
            """
            Host testhost
              HostName \(Self.address)
              Port \(port)
            Host *
              User \(user)
              IdentityFile \(folder)/\(key)
              IdentitiesOnly yes
              IdentityAgent none
              UserKnownHostsFile \(folder)/known_hosts
              GlobalKnownHostsFile /dev/null
            \(more)

            """)
    }

    var host: TandemStack.Host { TandemStack.Host(name: "server1", address: "10.0.0.21", roles: [.app]) }

    var line: SSHCommandLine {
        SSHCommandLine(
            destination: SSHDestination(name: "testhost"), configuration: "\(folder)/ssh_config",
            controlSocket: "\(folder)/control")
    }

    /// Connects, and ends the connection afterwards.
    func session<R>(_ body: (HostSession) async throws -> R) async throws -> R {
        let session = try await HostSession.open(host, line)
        do {
            let result = try await body(session)
            await session.close()
            return result
        } catch {
            await session.close()
            throw error
        }
    }

    /// Why no connection came about.
    func problem() async -> ReachError.Problem? {
        do {
            try await session { _ in }
            return nil
        } catch {
            return (error as? ReachError)?.problem
        }
    }

    @discardableResult
    private func put(_ name: String, _ text: String) throws -> String {
        try text.write(toFile: "\(folder)/\(name)", atomically: false, encoding: .utf8)
        return "\(folder)/\(name)"
    }

    static func tool(_ program: String, _ arguments: String...) async throws {
        let command = BoundedCommand(
            program: program, arguments: arguments, outputLimitBytes: 1 << 16, limit: .seconds(60))
        let outcome = try await command.run()
        try #require(outcome.status == 0, "\(program) \(arguments): \(outcome.errors)")
    }
}
