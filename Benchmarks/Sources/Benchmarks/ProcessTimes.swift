import Foundation

/// What the kernel says of processes (proc(5)).
enum ProcessTimes {
    /// Processor time that these processes and all their descendants that live have used so far, in seconds.
    static func cpuSeconds(_ pids: [Int32]) -> Double {
        let table = table()
        return family(of: pids, in: table).reduce(0) { $0 + (table[$1]?.cpuSeconds ?? 0) }
    }

    /// Of one process alone.
    static func ownCPUSeconds(_ pid: Int32) throws -> Double {
        guard let entry = table()[pid] else { throw Failure("process \(pid) has ended") }
        return entry.cpuSeconds
    }

    /// Resident memory of one process, in bytes.
    static func residentBytes(_ pid: Int32) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }),
            let kilobytes = line.split(separator: " ").compactMap({ Int($0.trimmingCharacters(in: .whitespaces)) })
                .first
        else { throw Failure("/proc/\(pid)/status says nothing of VmRSS") }
        return kilobytes * 1024
    }

    private struct Entry {
        var parent: Int32
        var cpuSeconds: Double
    }

    private static func table() -> [Int32: Entry] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        var table: [Int32: Entry] = [:]
        for pid in names.compactMap({ Int32($0) }) {
            guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
                // The name in brackets may hold anything.
                let end = stat.lastIndex(of: ")")
            else { continue }
            let fields = stat[stat.index(after: end)...].split(separator: " ")
            guard fields.count > 12, let parent = Int32(fields[1]), let user = Double(fields[11]),
                let system = Double(fields[12])
            else { continue }
            table[pid] = Entry(parent: parent, cpuSeconds: (user + system) / ticksPerSecond)
        }
        return table
    }

    private static func family(of pids: [Int32], in table: [Int32: Entry]) -> Set<Int32> {
        var family = Set(pids)
        var isGrowing = true
        while isGrowing {
            isGrowing = false
            for (pid, entry) in table where family.contains(entry.parent) {
                if family.insert(pid).inserted { isGrowing = true }
            }
        }
        return family
    }

    private static let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))
}
