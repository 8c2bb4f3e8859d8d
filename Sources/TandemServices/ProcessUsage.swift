import Glibc

/// What a process group uses.
public struct ProcessUsage: Sendable, Equatable {
    /// Of processor time, of the processes that live.
    public var cpuSeconds = 0.0
    /// Pages that several of them share are counted for each.
    public var residentBytes = 0

    /// Every process group of this machine by its leader's number, in one pass over /proc.
    public static func byGroup() -> [Int32: ProcessUsage] {
        var groups: [Int32: ProcessUsage] = [:]
        for pid in ProcFile.pids {
            guard let text = ProcFile.text("/proc/\(pid)/stat"), let (group, usage) = parse(text) else { continue }
            groups[group, default: ProcessUsage()].cpuSeconds += usage.cpuSeconds
            groups[group, default: ProcessUsage()].residentBytes += usage.residentBytes
        }
        return groups
    }

    /// proc(5), /proc/PID/stat: fields 5 (group), 14 and 15 (ticks in user and kernel mode), 24 (resident pages).
    static func parse(_ text: String) -> (group: Int32, usage: ProcessUsage)? {
        guard let fields = ProcessStatus.fields(of: text), fields.count > 21, let group = Int32(fields[2]),
            let user = Double(fields[11]),
            let kernel = Double(fields[12]), let pages = Int(fields[21])
        else { return nil }
        let usage = ProcessUsage(
            cpuSeconds: (user + kernel) / Double(sysconf(Int32(_SC_CLK_TCK))),
            residentBytes: pages * sysconf(Int32(_SC_PAGESIZE)))
        return (group, usage)
    }
}
