import Glibc

/// What the kernel says of this process.
enum Usage {
    static var cpuMicroseconds: Double {
        let usage = current
        return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6
            + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)
    }

    static var peakMegabytes: Double { Double(current.ru_maxrss) / 1024 }

    private static var current: rusage {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage
    }
}
