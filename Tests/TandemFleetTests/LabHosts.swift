import Foundation
import TandemStack
import Testing

@testable import TandemFleet

/// Hosts that boot a real systemd, made by `bin/lab`: `TANDEM_TEST_LAB` names the folder with their ssh_config, once
/// they run.
enum LabHosts {
    static let folder = ProcessInfo.processInfo.environment["TANDEM_TEST_LAB"]
    static let hasKeepalived =
        folder != nil && ProcessInfo.processInfo.environment["TANDEM_TEST_KEEPALIVED"] != nil
    /// The folder of the built programs.
    static let programs = ProcessInfo.processInfo.environment["TANDEM_TEST_PROGRAMS"]
    /// How often a series is to do what it does; nil: no series is wanted.
    static let rounds = ProcessInfo.processInfo.environment["TANDEM_TEST_HOST_SERIES"].flatMap(Int.init)
    static let skipped: Comment = "skipped: TANDEM_TEST_LAB names no hosts that bin/lab has started"

    static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("bin/lab").path

    /// The first three numbers of the hosts' addresses.
    static let network = ProcessInfo.processInfo.environment["LAB_NET"] ?? "10.77.0"
    static let addresses = [
        "lb1": "\(network).11", "lb2": "\(network).12", "server1": "\(network).21", "server2": "\(network).22",
    ]

    static func host(_ name: String, _ roles: [Role] = [.app]) -> TandemStack.Host {
        TandemStack.Host(name: name, address: addresses[name] ?? "", roles: roles)
    }

    static func line(_ name: String, socket: String = "none") throws -> SSHCommandLine {
        SSHCommandLine(
            destination: SSHDestination(name: name), configuration: "\(try #require(folder))/ssh_config",
            controlSocket: socket)
    }

    /// - Parameter socket: a connection that all commands share; without one each command has its own.
    static func session(_ name: String, socket: String = "none") async throws -> HostSession {
        try await HostSession.open(host(name), line(name, socket: socket))
    }

    /// Whom commands log in as: a user who becomes root by sudo; nil: root.
    static let user = ProcessInfo.processInfo.environment["TANDEM_TEST_LAB_USER"]

    /// Has that user on every host.
    static func makeUser() async throws {
        guard let user else { return }
        for host in addresses.keys {
            let outcome = try await session(host).run([
                "/bin/sh", "-ec",
                """
                id \(user) >/dev/null 2>&1 || useradd --create-home --shell /bin/bash \(user)
                install -d -m 700 -o \(user) -g \(user) ~\(user)/.ssh
                install -m 600 -o \(user) -g \(user) ~/.ssh/authorized_keys ~\(user)/.ssh/authorized_keys
                echo '\(user) ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/\(user)
                """,
            ])
            try #require(outcome.status == 0, "\(host): \(outcome.errors)")
        }
    }

    /// `kill` pulls a host's power cord, `up` boots it again.
    static func lab(_ verb: String, _ name: String) async throws {
        let command = BoundedCommand(
            program: "bash", arguments: [script, verb, name], outputLimitBytes: 1 << 16, limit: .seconds(90))
        let outcome = try await command.run()
        try #require(outcome.status == 0, "\(verb) \(name): \(outcome.errors)")
    }
}
