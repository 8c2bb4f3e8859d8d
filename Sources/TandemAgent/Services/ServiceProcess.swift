import Foundation
import Glibc
import TandemBlueprint
import TandemServices
import TandemStack

/// What can be done with the process of one service, and what is remembered of it on disk. It decides nothing: when the
/// process is started and ended is its owner's affair.
struct ServiceProcess: Sendable {
    let service: ServiceBlueprint
    let starter: ProcessStarter
    let recordFile: String
    private let reader: RecordReader

    init(service: ServiceBlueprint, starter: ProcessStarter, recordFile: String) {
        self.service = service
        self.starter = starter
        self.recordFile = recordFile
        reader = RecordReader(recordFile)
    }

    /// What the workers of a server that died get to finish what they carry.
    private static let orphanBound = Duration.seconds(1)

    var name: String { service.statusName }
    var record: ServiceRecord? { reader.record }
    /// The service's files as they are now.
    var files: LoadedFiles { LoadedFiles(service: service.name, layout: starter.layout) }

    /// What the process depends on: a change of it means a restart. Secrets count, but only as a hash.
    func fingerprint() throws -> String {
        let specification = try starter.specification(service)
        let environment = specification.environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return StableHash.hex64(
            (specification.command + environment + [specification.workingDirectory]
                + (specification.launcher.map { [$0.socket] } ?? [])
                // The keeper changes the sockets that the balancers of one machine share.
                + (starter.layout.front == nil ? service.sockets.map { "\($0.descriptor)=\($0)" } : [])).joined(
                    separator: "\0"))
    }

    /// - Throws: in the program's own words, when it refuses its files.
    func check() async throws {
        guard let command = service.check else { return }
        var specification = try starter.specification(service)
        specification.command = command
        specification.logFile = starter.checkLog(service)
        try await Command.run(specification, doing: "check the files of \(name)")
    }

    /// Starts it, with a record: without one the next agent would start a second one beside it.
    /// - Parameters:
    ///   - fingerprint: of the settings that it is started with.
    ///   - restarts: times that it was started again so far.
    func start(fingerprint: String, restarts: Int) async throws -> RunningProcess {
        let files = files
        do {
            return try await RunningProcess.launch(starter.specification(service)) { identity in
                let record = ServiceRecord(
                    identity: identity, since: Date().iso8601, restarts: restarts, fingerprint: fingerprint,
                    loaded: files, stop: service.stop)
                try AtomicFile.write(record, to: recordFile)
            }
        } catch {
            forget()
            throw error
        }
    }

    /// Takes over the process of an earlier agent.
    /// - Returns: nil where that has ended; what it left behind, which may hold the port, has ended then, too.
    func adopt(_ record: ServiceRecord) async -> RunningProcess? {
        if let adopted = RunningProcess.adopt(record.identity) { return adopted }
        await record.identity.sweepOrphans(signal: service.stop.signal, bound: Self.orphanBound)
        return nil
    }

    /// Ends what a process that has ended by itself left behind.
    func sweepOrphans(of process: RunningProcess) async {
        await process.sweepOrphans(signal: service.stop.signal, bound: Self.orphanBound)
    }

    /// Has a process read its files anew, and writes down that it has.
    func reload(_ process: RunningProcess, signal: Int32, isReady: @Sendable () async -> Bool) async throws {
        try await process.reload(signal: signal, isReady: isReady)
        try remember(files, of: process)
    }

    /// Writes down which files a process has read.
    func remember(_ files: LoadedFiles, of process: RunningProcess) throws {
        guard var record, record.identity == process.identity else { return }
        record.loaded = files
        try AtomicFile.write(record, to: recordFile)
    }

    /// Once it has ended for good.
    func forget() { unlink(recordFile) }

    /// Where in its log the next line will begin, in bytes.
    var logEnd: UInt64 { LogTail.end(of: starter.logFile(service)) }

    func logTail(_ count: Int, after mark: UInt64) -> [String] {
        LogTail.lastLines(of: starter.logFile(service), count: count, after: mark)
    }
}
