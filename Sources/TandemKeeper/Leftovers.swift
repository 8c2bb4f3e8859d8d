import Foundation
import Glibc
public import TandemAgent
import TandemBlueprint
import TandemServices
import TandemStack

/// Processes of a stack whose keeper is gone.
public struct Leftovers: Sendable {
    let applied: AppliedStack
    let folder: StackFolder

    public init(applied: AppliedStack, folder: StackFolder) {
        self.applied = applied
        self.folder = folder
    }

    public var areAny: Bool {
        applied.stack.hosts.contains { host in
            records(host.name).contains { ServiceRecord.load($0)?.identity.members.isEmpty == false }
        }
    }

    /// Ends all of them with SIGKILL, agents first so that nothing is started again. What a database had acknowledged
    /// is on disk: it is made to stand this.
    public func end() {
        for path in inOrder {
            guard let record = ServiceRecord.load(path) else { continue }
            end(record.identity)
            unlink(path)
        }
    }

    /// Records of processes, in the order in which these are ended.
    var inOrder: [String] {
        let paths = applied.stack.hosts.flatMap { records($0.name) }
        let isAgents = { (path: String) in path.hasSuffix("/\(ServiceRecord.agentFile)") }
        return paths.filter(isAgents) + paths.filter { !isAgents($0) }
    }

    /// The agent of a host as it was recorded.
    func agent(_ host: String) -> ProcessIdentity? {
        ServiceRecord.load("\(folder.records(host))/\(ServiceRecord.agentFile)")?.identity
    }

    /// Whether an agent is left, which will start a keeper by itself.
    public var hasAgents: Bool { applied.stack.hosts.contains { agent($0.name)?.isAlive == true } }

    /// Who may have the front's sockets: agents, and balancers.
    var socketOwners: [ProcessIdentity] {
        applied.stack.hosts.flatMap { host in
            [ServiceRecord.agentFile, "\(ServiceName.haproxy.rawValue).json"].compactMap {
                ServiceRecord.load("\(folder.records(host.name))/\($0)")?.identity
            }
        }
    }

    private func records(_ host: String) -> [String] {
        let folder = folder.records(host)
        return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
            .filter { $0.hasSuffix(".json") }.map { "\(folder)/\($0)" }
    }

    /// SIGKILL takes a moment: ports and files are free only afterwards.
    private func end(_ identity: ProcessIdentity) {
        for _ in 0..<500 {
            identity.kill()
            if identity.members.isEmpty { return }
            usleep(10_000)
        }
    }
}
