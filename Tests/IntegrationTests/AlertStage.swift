import Foundation
import Glibc
import Testing

/// A running stack on which faults are made, and what they leave behind until `end`.
final class AlertStage {
    let stack: TrialStack
    let receiver: AlertReceiver
    private var helpers: [Process] = []
    private var disk: String?

    init(stack: TrialStack, receiver: AlertReceiver) {
        self.stack = stack
        self.receiver = receiver
    }

    /// How many messages people have had of this alert.
    func told(_ alert: String, _ status: String) -> Int {
        receiver.bodies("/people").count {
            $0.contains("\"groupLabels\":{\"alertname\":\"\(alert)\"}")
                && $0.contains(#""receiver":"people","status":"\#(status)""#)
        }
    }

    /// Ends all that runs, whatever state it is in.
    func end() async throws {
        try await endHelpers()
        receiver.end()
        if let disk {
            // Whether it runs still or not: what is mounted keeps the folder from being deleted.
            _ = try await stack.tandem("down")
            try await Self.run("/usr/bin/umount", disk)
        }
        try await stack.end()
    }

    // MARK: - Processes

    func kill(_ service: String, on host: String) async throws {
        // On a busy machine an agent does not always answer in time, nor is a service back at once that was killed
        // before.
        let deadline = ContinuousClock.now + .seconds(30)
        var pid: pid_t?
        while pid == nil, ContinuousClock.now < deadline {
            pid = try await stack.status().host(host).services.first { $0.name == service }?.pid
            if pid == nil { try await Task.sleep(for: .milliseconds(200)) }
        }
        Glibc.kill(try #require(pid, "\(service) on \(host) does not run"), SIGKILL)
    }

    /// A service cannot start while it cannot read its file.
    func withhold(_ file: String, of service: String, on hosts: String...) async throws {
        for host in hosts {
            chmod(configuration(file, host), 0)
            try await kill(service, on: host)
        }
    }

    func giveBack(_ file: String, on hosts: String...) {
        for host in hosts { chmod(configuration(file, host), 0o600) }
    }

    private func configuration(_ file: String, _ host: String) -> String {
        "\(stack.stateFolder)/hosts/\(host)/etc/\(file)"
    }

    var primary: String {
        get async throws { try #require(try await stack.status().database).primary }
    }

    var replica: String {
        get async throws { try await primary == "server1" ? "server2" : "server1" }
    }

    // MARK: - Helpers

    /// Starts a program, which ends with `endHelpers`.
    func help(_ program: String, _ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: stack.folder)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        helpers.append(process)
    }

    func endHelpers() async throws {
        for process in helpers {
            process.terminate()
            // One that was started by who ignores SIGTERM does so as well.
            let deadline = ContinuousClock.now + .seconds(5)
            while process.isRunning, ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(50)) }
            if process.isRunning { Glibc.kill(process.processIdentifier, SIGKILL) }
            process.waitUntilExit()
        }
        helpers = []
    }

    /// - Parameter pause: seconds between two requests of each.
    func visit(_ visitors: Int, pause: Int) throws {
        try help("/usr/bin/python3", Self.client("visitors.py"), "18443", "\(visitors)", "\(pause)")
    }

    @discardableResult
    static func run(_ program: String, _ arguments: String...) async throws -> String {
        let outcome = try await Program.run(program, arguments)
        try #require(outcome.status == 0, "\(program) \(arguments.joined(separator: " ")): \(outcome)")
        return outcome.output
    }

    // MARK: - Files and disks

    private static func client(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Clients/\(name)").path
    }

    /// Copies a program of `Clients` to where the stack's account can read it.
    func put(_ name: String) throws {
        let data = try #require(FileManager.default.contents(atPath: Self.client(name)))
        try data.write(to: URL(fileURLWithPath: "\(stack.folder)/\(name)"))
        chmod("\(stack.folder)/\(name)", 0o644)
    }

    /// Makes an empty file in the stack's folder, where the app looks for it.
    func switchOn(_ name: String) throws {
        try #require(FileManager.default.createFile(atPath: "\(stack.folder)/\(name)", contents: Data()))
    }

    func switchOff(_ name: String) { unlink("\(stack.folder)/\(name)") }

    /// Gives a host's data a disk of 2 GB of its own, as docs/drill.md says; as root.
    func mountDisk(of host: String) async throws {
        let data = dataFolder(of: host)
        try await stack.succeed("down")
        try await Self.run(
            "/bin/sh", "-ec",
            """
            mv "$0" "$0.real"; mkdir "$0"; mount -t tmpfs -o size=2g tmpfs "$0"
            chown --reference="$0.real" "$0"; chmod 700 "$0"; cp -a "$0.real/." "$0/"
            """, data)
        disk = data
        try await stack.succeed("up", "--detach")
    }

    /// Takes room on it until this much is left.
    func fillDisk(of host: String, leavingMegabytes megabytes: Int) async throws {
        try await Self.run(
            "/bin/sh", "-ec",
            #"fallocate -l $(($(df -m --output=avail "$0" | tail -n 1) - $1))M "$0/ballast""#, dataFolder(of: host),
            "\(megabytes)")
    }

    func emptyDisk(of host: String) {
        for name in ["ballast", "growing"] { unlink("\(dataFolder(of: host))/\(name)") }
    }

    func dataFolder(of host: String) -> String { "\(stack.stateFolder)/hosts/\(host)/data" }
}
