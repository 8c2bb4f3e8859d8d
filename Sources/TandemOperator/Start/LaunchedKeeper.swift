import Synchronization
import TandemServices

/// The keeper that an `up` has started, which is what it stops when it is interrupted: never what somebody else started
/// while it waited.
package final class LaunchedKeeper: Sendable {
    private let keeper = Mutex<RunningProcess?>(nil)

    package var process: RunningProcess? { keeper.withLock(\.self) }

    func set(_ process: RunningProcess?) { keeper.withLock { $0 = process } }
}
