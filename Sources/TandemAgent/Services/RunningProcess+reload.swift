import Glibc
import TandemServices

extension RunningProcess {
    /// How long a program may take until it serves with its new files.
    private static let reloadBound = Duration.seconds(10)
    /// How long to wait for the old workers, which finish their requests; after that they finish them unattended.
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
