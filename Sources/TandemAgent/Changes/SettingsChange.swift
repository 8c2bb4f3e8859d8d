import Glibc
import TandemBlueprint
import TandemServices

/// What a process that runs needs so that it has its present settings, found from its record alone.
struct SettingsChange {
    enum Step {
        case nothing
        /// In place: nothing is cut, nothing is replaced.
        case refresh
        case reload
        case restart
    }

    let record: ServiceRecord
    /// As they are now.
    let files: LoadedFiles
    let step: Step

    init(
        service: ServiceBlueprint, record: ServiceRecord, fingerprint: String, files: LoadedFiles, canRefresh: Bool
    ) {
        self.record = record
        self.files = files
        let reload = service.reloadSignal == nil ? Step.restart : .reload
        step =
            if record.fingerprint != fingerprint {
                .restart
            } else if let loaded = record.loaded, loaded.configuration != files.configuration {
                reload
            } else if let loaded = record.loaded, loaded.inPlace != files.inPlace {
                canRefresh ? .refresh : reload
            } else {
                .nothing
            }
    }
}

extension RunningProcess {
    /// How long a program may take until it serves with its new files.
    private static let reloadBound = Duration.seconds(10)
    /// How long is waited for workers of before, which finish what they carry; they may take longer by themselves.
    private static let farewellBound = Duration.seconds(3)

    /// Has a program with a master and workers take up its new files, and waits until new workers serve.
    func reload(signal number: Int32, isReady: @Sendable () async -> Bool) async throws {
        let before = Set(groupMembers)
        signal(number)
        let deadline = ContinuousClock.now + Self.reloadBound
        while !hasEnded {
            try Task.checkCancellation()
            if !Set(groupMembers).subtracting(before).isEmpty, await isReady() { break }
            guard ContinuousClock.now < deadline else {
                throw StateError("no new worker came up within \(Self.reloadBound) of the reload; see its log")
            }
            try await Task.sleep(for: .milliseconds(40))
        }
        let last = before.subtracting([identity.pid])
        let farewell = ContinuousClock.now + Self.farewellBound
        while !last.isDisjoint(with: groupMembers), ContinuousClock.now < farewell {
            try await Task.sleep(for: .milliseconds(40))
        }
    }
}

/// Returns when one of the two does; the other one is cancelled.
func first(of one: @escaping @Sendable () async -> Void, _ other: @escaping @Sendable () async -> Void) async {
    await withTaskGroup(of: Void.self) { group in
        group.addTask(operation: one)
        group.addTask(operation: other)
        await group.next()
        group.cancelAll()
    }
}
