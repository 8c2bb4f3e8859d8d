import Foundation
import Glibc
import TandemBlueprint
import TandemServices

/// Processes on a host that its blueprint has no place for any more.
struct Strays: Sendable {
    let recordFolder: String
    /// Of the services that are wanted.
    let wanted: Set<String>

    var areAny: Bool { !found.isEmpty }

    /// Ends them, and forgets them.
    func end() async {
        for (path, record) in found {
            await record.endProcess()
            unlink(path)
        }
    }

    private var found: [(String, ServiceRecord)] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: recordFolder)) ?? []
        return names.sorted().compactMap { name in
            guard name.hasSuffix(".json"), name != ServiceRecord.agentFile, !wanted.contains(String(name.dropLast(5))),
                let record = ServiceRecord.load("\(recordFolder)/\(name)")
            else { return nil }
            return ("\(recordFolder)/\(name)", record)
        }
    }
}

extension ServiceRecord {
    /// Ends the process, in the way that it was to be ended when it was started, and all that it has left behind.
    func endProcess() async {
        if let process = RunningProcess.adopt(identity) {
            let stop = stop ?? .init(signal: SIGTERM, boundSeconds: 10)
            await process.stop(signal: stop.signal, bound: .seconds(stop.boundSeconds))
        }
        await identity.sweep()
    }
}
