import Glibc

extension ProcessIdentity {
    /// Most processes of one service that are looked at.
    private static let mostMembers = 64

    /// Whether the process, or one that descends from it, is stopped by a signal (SIGSTOP and the like): it holds its
    /// ports, and the kernel goes on accepting connections for it, but nobody answers.
    ///
    /// One that a debugger has stopped does not count.
    public var isFrozen: Bool {
        var pids = [pid]
        var index = 0
        while index < pids.count, index < Self.mostMembers {
            let member = pids[index]
            index += 1
            guard let status = ProcessStatus(pid: member) else { continue }
            // The number may mean another process by now.
            if member == pid, status.startTicks != startTicks { return false }
            if status.state == "T" { return true }
            pids += Self.children(of: member)
        }
        return false
    }

    /// The same of the process alone.
    public var isItselfFrozen: Bool {
        guard let status = ProcessStatus(pid: pid), status.startTicks == startTicks else { return false }
        return status.state == "T"
    }

    /// proc(5), /proc/PID/task/TID/children: of the first thread, which is the one that servers fork from. Empty where
    /// the kernel does not tell.
    private static func children(of pid: Int32) -> [Int32] {
        (ProcFile.text("/proc/\(pid)/task/\(pid)/children") ?? "").split(separator: " ").compactMap { Int32($0) }
    }
}
