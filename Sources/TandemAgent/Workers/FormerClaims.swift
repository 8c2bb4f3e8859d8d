import Glibc
import TandemBlueprint
import TandemCoordination
import TandemServices
import TandemStack

/// Claims of this host to workers that it has no part in any more, or that every host runs by now. Nobody renews these.
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
        if let process = RunningProcess.adopt(record.identity) {
            let stop = record.stop ?? .init(signal: SIGTERM, boundSeconds: 10)
            await process.stop(signal: stop.signal, bound: .seconds(stop.boundSeconds))
        }
        await record.identity.sweep()
        unlink(path)
    }
}
