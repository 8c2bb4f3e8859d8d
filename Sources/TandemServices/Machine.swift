import CTandemSystem

/// What can be asked of the kernel about this machine as a whole.
public enum Machine {
    /// Whether the kernel's generator of random numbers has been seeded, so that keys can be made.
    public static var hasRandomness: Bool { tandem_has_randomness() == 1 }

    /// Whether somebody keeps the clock right; nil where that cannot be asked.
    public static var isClockSynchronised: Bool? {
        let answer = tandem_is_clock_synchronised()
        return answer < 0 ? nil : answer == 1
    }

    /// A line of /proc/meminfo (proc_meminfo(5)), such as `MemAvailable`, in bytes; nil where there is none of that
    /// name.
    public static func memory(_ name: String, in text: String) -> Int? {
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("\(name):") }) else { return nil }
        let words = line.dropFirst(name.utf8.count + 1).split(separator: " ")
        guard words.count == 2, words[1] == "kB" else { return nil }
        return Int(words[0]).map { $0 << 10 }
    }

    /// Whether no program can be run from where a path lies.
    public static func isNoexec(_ path: String) -> Bool { tandem_is_noexec(path) == 1 }
}
