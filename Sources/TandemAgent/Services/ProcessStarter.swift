import Foundation
import Glibc
import TandemBlueprint
import TandemServices

/// Turns a service of the blueprint into a process: fills in secrets, log file and descriptors.
struct ProcessStarter: Sendable {
    var applied: AppliedStack
    var secrets: StackSecrets
    var layout: Layout
    /// The account of the app, where it has one of its own.
    var app: AppAccount?
    /// The front's sockets that the agent keeps.
    var sockets: HeldSockets?

    func specification(_ service: ServiceBlueprint) throws -> ProcessSpecification {
        var environment = [
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG": "C.UTF-8",
            "HOME": ProcessInfo.processInfo.environment["HOME"] ?? "/",
        ]
        if service.account == .application, let path = ProcessInfo.processInfo.environment["PATH"] {
            // The app finds what its owner finds, such as a Python of their own.
            environment["PATH"] = path
        }
        let app = service.account == .application ? app : nil
        if let app { environment["HOME"] = app.home }
        for (name, value) in service.environment { environment[name] = try secrets.resolve(value) }
        return ProcessSpecification(
            command: service.command, environment: environment, workingDirectory: service.workingDirectory,
            logFile: logFile(service), descriptors: try descriptors(service),
            // A request goes through half a dozen processes. Each that woke up interrupted the one that had woken it,
            // and all worked in small pieces: measured, a fifth of the processor time. We ourselves interrupt them all,
            // and so look after them in time on a machine that is busy.
            scheduling: .batch,
            // Go's runtime sleeps for 20 µs five or six times whenever one of its timers has run. With this it does so
            // once: measured, a third of what etcd costs at rest.
            timerSlack: service.name.isGoProgram ? .milliseconds(1) : nil,
            mark: service.account == .application ? mark(service) : nil,
            // HAProxy listens on the front's ports itself: beside the sockets that it inherits, or for want of them.
            keepsLowPorts: service.name == .haproxy, fileMask: service.account == .application ? 0o022 : 0o077,
            launcher: app?.launcher)
    }

    /// Whose processes may listen on a service's ports. An app that has not been started anew since it was given an
    /// account of its own still has ours.
    func users(_ service: ServiceBlueprint) -> Set<UInt32> {
        var users: Set<UInt32> = [geteuid()]
        if service.account == .application, let app { users.insert(app.user) }
        return users
    }

    /// The same for every process of one service, so that what an earlier one left behind is found too.
    private func mark(_ service: ServiceBlueprint) -> String { "\(layout.hostFolder) \(service.statusName)" }

    func logFile(_ service: ServiceBlueprint) -> String { "\(layout.logFolder)/\(service.statusName).log" }

    /// What the program said when it checked its files the last time.
    func checkLog(_ service: ServiceBlueprint) -> String { "\(layout.temporaryFolder)/\(service.statusName)-check.txt" }

    private func descriptors(_ service: ServiceBlueprint) throws -> [Int32: Int32] {
        // We inherited them under the same numbers.
        if layout.front != nil { return Dictionary(service.sockets.map { ($0.descriptor, $0.descriptor) }) { $1 } }
        return try sockets?.descriptors(service.sockets) ?? [:]
    }
}
