import Foundation
import Glibc
import Logging
import TandemBlueprint
import TandemCoordination
import TandemServices
import TandemStack

/// One host's place among the members of etcd: how it comes by it, keeps it and gives it up.
actor StoreSeat {
    let host: Host
    let stack: Stack
    let revision: Int
    let layout: Layout
    let agents: AgentClient
    let connections: StoreConnections
    let logger: Logger
    /// It is being stopped, and does not become a member again.
    private var isHalted = false

    init(
        host: Host, given: AppliedHost, folder: StackFolder, layout: Layout, agents: AgentClient, logger: Logger
    ) {
        self.host = host
        stack = given.applied.stack
        revision = given.revision
        self.layout = layout
        self.agents = agents
        self.logger = logger
        connections = StoreConnections(stack: stack, host: host, folder: folder)
    }

    func shutdown() async { await connections.shutdown() }

    func halt() { isHalted = true }

    /// For a restart, it hands the lead to another member first. When all members stop, there is none to hand it to,
    /// and each would try in vain (measured: for 9 s on a busy machine). What etcd has acknowledged is on disk, so it
    /// can be killed at any time.
    func stop(_ process: RunningProcess, _ stop: ServiceBlueprint.Stop) async {
        await process.stop(signal: isHalted ? SIGKILL : stop.signal, bound: .seconds(stop.boundSeconds))
    }

    var standing: StoreStanding {
        let isKnown = layout.programs.etcd != nil
        return StoreStanding(
            host: host.name, revision: revision, voters: isKnown ? stack.voters.map(\.name) : [],
            stage: hasData ? .member : hasClaim ? .claimed : .none)
    }

    // MARK: - On disk

    /// etcd makes this folder whole, under another name, before it moves it here.
    private var hasData: Bool { FileManager.default.fileExists(atPath: "\(layout.etcdDataFolder)/member/wal") }

    private var claimFile: String { "\(layout.dataFolder)/etcd-claim" }
    private var hasClaim: Bool { FileManager.default.fileExists(atPath: claimFile) }

    /// The data of a member that is none any more is of no use to etcd; somebody may want to look at it.
    func setAside() throws {
        guard FileManager.default.fileExists(atPath: layout.etcdDataFolder) else { return }
        try StoreData.setAside(in: layout.dataFolder)
        logger.info("etcd's data of an earlier membership lies in \(layout.dataFolder)/\(StoreData.former) now")
    }

    func begin(_ beginning: StoreBeginning) throws {
        let file = try String(contentsOfFile: layout.etcdFile, encoding: .utf8)
        try AtomicFile.write(beginning.text(from: file), to: layout.etcdFirstFile)
    }

    // MARK: - Before each start

    private static let pause = Duration.milliseconds(200)

    /// Returns once etcd may start: with its data, or as a member that the others know.
    func provision(waitsFor: @Sendable (String) async -> Void) async throws {
        unlink(layout.etcdFirstFile)
        if hasData {
            // Nobody answers while the whole stack starts; then it is what its data says.
            guard let members = try? await members(within: .seconds(1)), own(in: members) == nil else {
                unlink(claimFile)
                return
            }
            logger.warning("etcd's members do not know this host any more")
        }
        while true {
            try Task.checkCancellation()
            guard !isHalted else { throw CancellationError() }
            let claimed = hasClaim
            let others = await standings()
            let voters = stack.voters.map(\.name)
            switch StoreStep.next(own: standing, hasClaim: claimed, voters: voters, others: others) {
            case .found:
                try setAside()
                try begin(.founding)
                logger.info("founding etcd")
                return
            case .claim:
                try AtomicFile.write("\(host.name)\n", to: claimFile)
                continue
            case .join:
                unlink(claimFile)
                await waitsFor("joining etcd's members")
                do {
                    try await join()
                    return
                } catch let error as StoreRefusal {
                    await waitsFor("joining etcd's members: \(error.reason)")
                } catch let error as CoordinationError {
                    await waitsFor("joining etcd's members: \(error.what)")
                }
            case .wait(let reason):
                unlink(claimFile)
                await waitsFor(reason)
            }
            try await Task.sleep(for: Self.pause)
        }
    }

    /// What the other voters' agents say.
    private func standings() async -> [String: StoreStanding] {
        await withTaskGroup(of: StoreStanding?.self) { [agents, host] group in
            for other in stack.voters where other.name != host.name {
                group.addTask {
                    let standing = try? await agents.store(of: other, timeout: .seconds(2))
                    // An agent speaks for its own host.
                    return standing?.host == other.name ? standing : nil
                }
            }
            var result: [String: StoreStanding] = [:]
            for await standing in group { if let standing { result[standing.host] = standing } }
            return result
        }
    }

    // MARK: - Whether it serves

    private static let patience = Duration.seconds(2)

    /// What this host's member says of itself; nil where it does not answer.
    private func status(_ client: EtcdClient) async -> MemberStatus? {
        let answer = try? await client.status(of: connections.endpoint(host), within: Self.patience)
        guard case .value(let status)? = answer else { return nil }
        return status
    }

    /// Whether it reads through a majority. A member that was just added, and has caught up, gets its vote.
    func isReady() async -> Bool {
        guard let client = try? await connections.own(), let status = await status(client) else { return false }
        if status.isLearner {
            _ = try? await connections.others().promoteMember(status.header.memberID, within: Self.patience)
            return false
        }
        let key = StoreKey("/tandem/\(stack.name)/state")
        guard case .value? = try? await client.read(key, within: Self.patience) else { return false }
        unlink(layout.etcdFirstFile)
        unlink(claimFile)
        return true
    }

    func whyNotReady() async -> String? {
        guard let client = try? await connections.own(), let status = await status(client) else { return nil }
        if status.isLearner { return "it has not caught up with etcd's other members" }
        let voters = stack.voters
        return status.leader == nil
            ? "etcd has no leader: \(voters.count / 2 + 1) of \(voters.map(\.name).joined(separator: ", ")) have to run"
            : nil
    }
}

/// Where etcd's data lies.
public enum StoreData {
    static let former = "etcd.old"

    /// Moves the data to where etcd does not look for it; what was set aside before is deleted.
    /// - Parameter folder: the host's folder of data.
    public static func setAside(in folder: String) throws {
        try? FileManager.default.removeItem(atPath: "\(folder)/\(former)")
        try FileManager.default.moveItem(atPath: "\(folder)/etcd", toPath: "\(folder)/\(former)")
    }
}
