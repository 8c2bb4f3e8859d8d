import Foundation

/// Says that a trial's folder belongs to a run of the tests that goes on. The kernel frees the lock when the run ends,
/// however it ends (flock(2)).
enum TrialLock {
    /// Beside the folder: what is in that is a test's own.
    static func path(_ folder: String) -> String { "\(folder).lock" }

    /// - Returns: whether the folder is ours from now on: nobody has it, or whoever had it has ended.
    static func take(_ folder: String) -> Bool {
        let lock = open(path(folder), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { return false }
        if flock(lock, LOCK_EX | LOCK_NB) == 0 { return true }
        close(lock)
        return false
    }
}
