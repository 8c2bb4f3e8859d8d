import Glibc

/// What starting has left in memory.
public enum ResidentText {
    /// Lets go of the program's and its libraries' instructions: those that are needed come back from the page cache,
    /// one by one, and what only starting needed does not. Memory that was written to is not touched.
    public static func release() {
        for range in executableRanges() { madvise(range.start, range.count, MADV_DONTNEED) }
    }

    /// proc(5), /proc/PID/maps: `START-END r-xp OFFSET DEVICE INODE PATH`.
    private static func executableRanges() -> [(start: UnsafeMutableRawPointer, count: Int)] {
        ProcFile.whole("/proc/self/maps").split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            // Only what comes from a file, and is never written to.
            guard fields.count >= 6, fields[1] == "r-xp", fields[5].hasPrefix("/") else { return nil }
            let ends = fields[0].split(separator: "-").compactMap {
                UInt(bitPattern: Int(strtoul(String($0), nil, 16)))
            }
            guard ends.count == 2, ends[1] > ends[0], let start = UnsafeMutableRawPointer(bitPattern: ends[0]) else {
                return nil
            }
            return (start, Int(ends[1] - ends[0]))
        }
    }
}
