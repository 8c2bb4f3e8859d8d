import Foundation
import Glibc

/// A process that cannot be mistaken for another one with the same number: pid, start time and boot.
public struct ProcessIdentity: Codable, Sendable, Hashable {
    public var pid: Int32
    /// Field 22 of /proc/PID/stat: clock ticks since boot (proc(5)).
    public var startTicks: UInt64
    /// /proc/sys/kernel/random/boot_id, since pid and ticks may repeat after a reboot.
    public var bootID: String
    /// What its descendants carry in their environment as `markVariable`; nil where nothing was given to it.
    public var mark: String?
    /// The socket of the launcher that has started it as another account, and signals it; nil where it is our own
    /// account's.
    public var launcher: String?

    public init(pid: Int32, startTicks: UInt64, bootID: String, mark: String? = nil) {
        self.pid = pid
        self.startTicks = startTicks
        self.bootID = bootID
        self.mark = mark
    }

    /// The identity of a process that exists now, or nil when there is none or it has ended (a zombie).
    public init?(pid: Int32) {
        guard let stat = ProcessStatus(pid: pid), !stat.hasEnded else { return nil }
        self.init(pid: pid, startTicks: stat.startTicks, bootID: Self.currentBootID)
    }

    /// Whether this very process still runs.
    public var isAlive: Bool {
        guard let now = ProcessIdentity(pid: pid) else { return false }
        return now.startTicks == startTicks && now.bootID == bootID
    }

    /// The processes that still run in the group which this process leads or led, itself among them.
    public var groupMembers: [Int32] {
        // 0 and 1 are no services, and kill(2) takes 0, -0 and -1 for whole crowds: a damaged record must not reach
        // them.
        guard pid > 1, bootID == Self.currentBootID else { return [] }
        let all = ProcessStatus.all()
        // Another process has our leader's number: our group is gone, since a group keeps its number taken.
        if let leader = all.first(where: { $0.pid == pid }), leader.startTicks != startTicks { return [] }
        return all.filter { $0.group == pid && $0.startTicks >= startTicks }.map(\.pid)
    }

    /// Sends a signal to everything that is left of the group, also when its leader has ended.
    public func signalGroup(_ number: Int32) {
        // In one call: one member after the other, a master that lives a moment longer would start a worker anew.
        if !groupMembers.isEmpty { Glibc.kill(-pid, number) }
    }

    /// What the kernel calls the time since this machine was started; "unknown" where it does not say.
    public static let currentBootID: String =
        (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8))?
        .split(whereSeparator: \.isWhitespace).first.map(String.init) ?? "unknown"
}

/// What /proc/PID/stat says (proc(5)).
struct ProcessStatus {
    var pid: Int32
    var state: Character
    var parent: Int32
    var group: Int32
    var session: Int32
    var threads: Int
    var startTicks: UInt64

    /// A process whose first thread has ended is shown as a zombie while others still end, and hold its sockets.
    var hasEnded: Bool { (state == "Z" || state == "X") && threads <= 1 }

    init?(pid: Int32) {
        guard let text = ProcFile.text("/proc/\(pid)/stat"), let fields = Self.fields(of: text), fields.count > 19,
            let state = fields[0].first, let parent = Int32(fields[1]),
            let group = Int32(fields[2]), let session = Int32(fields[3]), let threads = Int(fields[17]),
            let ticks = UInt64(fields[19])
        else { return nil }
        self.pid = pid
        self.state = state
        self.parent = parent
        self.group = group
        self.session = session
        self.threads = threads
        self.startTicks = ticks
    }

    /// The fields of /proc/PID/stat from the third on, which is the state.
    static func fields(of text: String) -> [Substring]? {
        // The program's name stands in parentheses and may itself hold spaces and parentheses.
        // Byte by byte: an agent looks at dozens of processes a second.
        guard let end = text.utf8.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        return text.utf8[text.utf8.index(after: end)...].split(separator: UInt8(ascii: " ")).map(Substring.init)
    }

    /// Every process that has not ended.
    static func all() -> [ProcessStatus] { ProcFile.pids.compactMap { ProcessStatus(pid: $0) }.filter { !$0.hasEnded } }
}
