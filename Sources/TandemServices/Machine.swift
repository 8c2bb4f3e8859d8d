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

    /// Whether no program can be run from where a path lies.
    public static func isNoexec(_ path: String) -> Bool { tandem_is_noexec(path) == 1 }
}
