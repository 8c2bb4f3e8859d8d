import Foundation
import Glibc
import TandemBlueprint
import TandemFleet
import TandemStack

/// Stops a stack on its hosts: the services in order, then the agents, which stay away until `tandem up`.
package struct FleetDown: Sendable {
    package let hosts: FleetHosts

    package init(hosts: FleetHosts) { self.hosts = hosts }

    package func run() async throws {
        let sessions = try await hosts.onEach("reach the hosts of \(hosts.stack.name)") { $0 }
        try await FleetLock.holding(hosts, sessions) { _ in try await stop(sessions) }
    }

    /// Under the lock.
    /// - Parameter sessions: by host.
    func stop(_ sessions: [String: HostSession]) async throws {
        let places = hosts.places
        let steps = StepPrinter()
        var leader: HostSession?
        var isRunning = false
        for host in hosts.stack.hosts {
            guard let session = sessions[host.name] else { continue }
            let standing = try await HostStanding.ask(session, places)
            isRunning = isRunning || standing.isRunning
            if leader == nil, standing.revision > 0 { leader = session }
        }
        guard isRunning, let leader else {
            return Terminal.line("\(hosts.stack.name) is not running")
        }
        steps.headline("Stopping \(hosts.stack.name)")
        let command =
            OperatorMode.environment(stack: hosts.stack.name) + [
                HostPlaces.program, "host", "stop", "--file", "\(places.operatorFolder)/\(Project.fileName)",
            ]
        let status = try leader.runAttached(command)
        guard status == 0 else { throw QuietEnd(status) }
        try await hosts.letAgentsGo()
        try await OperatorFolder(hosts: hosts).copy(from: leader.host, to: hosts.stack.hosts)
        Terminal.line("\(hosts.stack.name) is down; its data stays")
    }
}

/// Stops a stack and deletes all that it has on its hosts.
package struct FleetDestroy: Sendable {
    package let hosts: FleetHosts
    let isConfirmed: Bool

    package init(hosts: FleetHosts, isConfirmed: Bool) {
        self.hosts = hosts
        self.isConfirmed = isConfirmed
    }

    package func run() async throws {
        let name = hosts.stack.name
        if !isConfirmed {
            guard isatty(STDIN_FILENO) == 1 else {
                throw Failure(.usage, "destroy deletes the data of '\(name)'; say so with --yes")
            }
            Terminal.write(
                "This deletes the stack '\(name)' with its databases, for good, on \(hosts.stack.hosts.count) hosts.\n"
                    + "Type its name to go on: ", to: .standardError)
            guard readLine() == name else { throw Failure(.failed, "nothing was deleted") }
        }
        let sessions = try await hosts.onEach("reach the hosts of \(name)") { $0 }
        try await FleetLock.holding(hosts, sessions) { _ in
            try await FleetDown(hosts: hosts).stop(sessions)
            try await hosts.onEach("delete what is there") { session in
                // One that never got as far as the program has nothing.
                let isThere = try await session.run(["test", "-x", HostPlaces.program]).status == 0
                if isThere { _ = try await session.step(["forget", name], stack: name) }
            }
        }
        Terminal.line("\(name) is gone. tandem and the servers' programs stay on the hosts for the next one")
    }
}

/// Says what `up` would change.
package struct FleetPlan: Sendable {
    package let hosts: FleetHosts
    let isJSON: Bool
    package let exitCode: Bool

    package init(hosts: FleetHosts, isJSON: Bool, exitCode: Bool) {
        self.hosts = hosts
        self.isJSON = isJSON
        self.exitCode = exitCode
    }

    package func run() async throws {
        let project = hosts.project
        try project.checkPublicFolders()
        if project.stack.app.build != nil {
            Terminal.line("(the app's files as they are now: a plan does not run app: build)")
        }
        let release = try ReleaseBundle(project: project)
        for note in release.notes { Terminal.line(note) }
        let request = HostRequest(
            stackFile: try project.stackFileText(), release: release.identifier,
            secrets: try await FleetSecrets.read(project), running: [])
        let session = try await hosts.anySession()
        guard try await session.run(["test", "-e", "\(hosts.places.operatorFolder)/fleet.json"]).status == 0 else {
            print(
                "\(project.stack.name) is not on its hosts yet. `tandem up` starts all of it; `tandem doctor` says whether they are fit"
            )
            if exitCode { throw QuietEnd(ExitStatus.changes.rawValue) }
            return
        }
        let words =
            OperatorMode.environment(stack: project.stack.name) + [HostPlaces.program, "host", "plan"]
            + (isJSON ? ["--format", "json"] : [])
        let status = try session.runAttached(words, input: try JSONEncoder().encode(request))
        switch status {
        case ExitStatus.fine.rawValue: return
        case ExitStatus.changes.rawValue:
            if exitCode { throw QuietEnd(ExitStatus.changes.rawValue) }
        default: throw QuietEnd(status)
        }
    }
}
