import Glibc
import TandemBlueprint
import TandemCoordination
import TandemStack

/// Claims that earlier agents of this host made to workers which this host does not run any more, or which every app
/// host runs by now. The present agent renews none of them.
struct FormerClaims: Sendable {
    let folder: String
    let services: [ServiceBlueprint]

    private var workers: [String] {
        ClaimRecord.workers(in: folder).filter { name in
            !services.contains { $0.statusName == name && $0.placement == .one }
        }
    }

    /// Ends what still runs under them, without waiting for its turn, and then gives them up.
    /// - Parameter release: tells etcd.
    func end(_ release: (_ worker: String, LeaseID) async -> Void) async {
        for worker in workers {
            if !services.contains(where: { $0.statusName == worker }) { await endProcess(of: worker) }
            let path = ClaimRecord.path(worker, in: folder)
            if let lease = ClaimRecord.load(path) { await release(worker, lease.id) }
            unlink(path)
        }
    }

    private func endProcess(of worker: String) async {
        let path = "\(folder)/\(worker).json"
        guard let record = ServiceRecord.load(path) else { return }
        await record.endProcess()
        unlink(path)
    }
}
