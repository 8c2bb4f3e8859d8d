import CTandemSystem
import Glibc

extension ProcessIdentity {
    /// The variable that marks whatever descends from a process, whichever session it is in and whoever its parent is
    /// now.
    public static let markVariable = "TANDEM_SERVICE"

    /// The mark of a process that is somebody's; nil where it has none, or may not be looked at.
    public static func mark(of pid: Int32) -> String? {
        let start = Array("\(markVariable)=".utf8)
        let entry = ProcFile.bytes("/proc/\(pid)/environ").split(separator: 0).first { $0.starts(with: start) }
        return entry.map { String(decoding: $0.dropFirst(start.count), as: UTF8.self) }
    }

    /// The processes that still run of all that this one has started, itself among them: its group; of one that is
    /// marked also what descends from it in other groups and sessions.
    public var members: [Int32] { family().map(\.pid) }

    /// Only of a marked process more than the group: agents and keepers have services as their children, which go on
    /// without them.
    /// - Parameter seen: those that were of the family before; their parents may have ended since, who alone connected
    ///   them.
    func family(seen: Set<ProcessStamp> = []) -> [ProcessStatus] {
        // 0 and 1 are no services; see `groupMembers`.
        guard pid > 1, bootID == Self.currentBootID else { return [] }
        let all = ProcessStatus.all()
        // Another process has our leader's number: our group is gone, since a group keeps its number taken.
        let isGroupGone = all.contains { $0.pid == pid && $0.startTicks != startTicks }
        let isOfGroup = { (process: ProcessStatus) in
            !isGroupGone && process.startTicks >= startTicks && (process.group == pid || process.session == pid)
        }
        guard let mark else {
            return all.filter { seen.contains($0.stamp) || (isOfGroup($0) && $0.group == pid) }
        }
        let entry = Array("\(Self.markVariable)=\(mark)".utf8)
        var found = all.filter { process in
            isOfGroup(process) || seen.contains(process.stamp)
                || (process.startTicks >= startTicks && process.carries(entry))
        }
        // Programs may overwrite the place where their environment stood, or start others without one.
        var known = Set(found.map(\.pid))
        var index = 0
        while index < found.count {
            let children = all.filter { $0.parent == found[index].pid && !known.contains($0.pid) }
            known.formUnion(children.map(\.pid))
            found += children
            index += 1
        }
        return found
    }

    /// Tells the family to end, and waits until it has, at the latest until `deadline`.
    ///
    /// Who looks after others is told alone: a master tells its workers in its own way, and many programs take a second
    /// signal for an order to hurry. So the signal goes to those whose parent is no member of the family, once to each:
    /// first to the process itself; when it has ended, to what it left behind; and past those whom the signal means
    /// nothing to.
    /// - Returns: all that were of the family, whether they have ended or not.
    func tellToEnd(signal number: Int32, until deadline: ContinuousClock.Instant) async -> Set<ProcessStamp> {
        var told: Set<ProcessStamp> = []
        var seen: Set<ProcessStamp> = []
        var pause = Duration.milliseconds(10)
        while !Task.isCancelled {
            let family = family(seen: seen)
            if family.isEmpty { break }
            seen.formUnion(family.map(\.stamp))
            for process in Self.heads(of: family, signal: number) where told.insert(process.stamp).inserted {
                process.send(number)
            }
            guard ContinuousClock.now < deadline else { break }
            try? await Task.sleep(until: min(deadline, .now + pause), clock: .continuous)
            pause = min(pause * 1.2, .milliseconds(250))
        }
        return seen
    }

    private static func heads(of family: [ProcessStatus], signal number: Int32) -> [ProcessStatus] {
        let pids = Set(family.map(\.pid))
        var heads = family.filter { !pids.contains($0.parent) }
        var index = 0
        while index < heads.count {
            let head = heads[index]
            if head.ignores(number) { heads += family.filter { $0.parent == head.pid && $0.pid != head.pid } }
            index += 1
        }
        return heads
    }

    /// SIGKILL to all that is left of what it has started, itself among it. A launcher is told, and not waited for.
    public func kill() {
        if let hands { hands.tell(.sweep(self)) } else { kill(seen: []) }
    }

    func kill(seen: Set<ProcessStamp>) {
        // The group in one call: one member after the other, a master that lives a moment longer would start a worker
        // anew.
        signalGroup(SIGKILL)
        for process in family(seen: seen) where process.group != pid { process.send(SIGKILL) }
    }
}

/// One process among those of this boot.
struct ProcessStamp: Hashable {
    var pid: Int32
    var startTicks: UInt64
}

extension ProcessStatus {
    var stamp: ProcessStamp { ProcessStamp(pid: pid, startTicks: startTicks) }

    /// Signals whose default is that nothing happens: CHLD, CONT, URG, WINCH (signal(7)).
    private static let harmless: Set<Int32> = [SIGCHLD, SIGCONT, SIGURG, SIGWINCH]

    /// Whether a signal means nothing to it. One that it keeps blocked it reads in another way, as with signalfd(2).
    func ignores(_ number: Int32) -> Bool {
        guard let text = ProcFile.text("/proc/\(pid)/status") else { return false }
        let isIn = { (set: String) in
            guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("\(set):") }),
                let bits = UInt64(line.dropFirst(set.utf8.count + 1).drop(while: \.isWhitespace), radix: 16)
            else { return false }
            return bits & (1 << UInt64(number - 1)) != 0
        }
        if isIn("SigCgt") || isIn("SigBlk") { return false }
        return isIn("SigIgn") || Self.harmless.contains(number)
    }

    /// Sends a signal to this very process, never to another one that has its number by now.
    func send(_ number: Int32) {
        let handle = tandem_pidfd_open(pid)
        guard handle >= 0 else { return }
        defer { close(handle) }
        guard ProcessStatus(pid: pid)?.startTicks == startTicks else { return }
        _ = tandem_pidfd_send_signal(handle, number)
    }

    /// proc(5), /proc/PID/environ: entries that end in NUL, as they were when the program began.
    func carries(_ entry: [UInt8]) -> Bool {
        ProcFile.bytes("/proc/\(pid)/environ").split(separator: 0).contains { $0.elementsEqual(entry) }
    }
}
