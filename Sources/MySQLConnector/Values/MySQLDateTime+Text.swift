extension MySQLDate {
    /// Reads `2026-01-31`.
    init?(text: some StringProtocol) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, let year = UInt16(parts[0]), let month = UInt8(parts[1]), let day = UInt8(parts[2])
        else { return nil }
        self.init(year: year, month: month, day: day)
    }
}

extension MySQLDateTime {
    /// Reads `2026-01-31 23:59:59.5`.
    init?(text: some StringProtocol) {
        let halves = text.split(separator: " ", omittingEmptySubsequences: false)
        guard halves.count == 2, let date = MySQLDate(text: halves[0]), let time = MySQLTime(text: halves[1]),
            !time.isNegative, time.hours < 24
        else { return nil }
        self.init(
            date: date, hour: UInt8(time.hours), minute: time.minutes, second: time.seconds,
            microsecond: time.microseconds)
    }
}

extension MySQLTime {
    /// Reads `-838:59:59.5`.
    init?(text: some StringProtocol) {
        let isNegative = text.hasPrefix("-")
        let parts = (isNegative ? text.dropFirst() : text[...]).split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let hours = UInt16(parts[0]), let minutes = UInt8(parts[1]) else { return nil }
        let seconds = parts[2].split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let fraction = seconds.count == 2 ? seconds[1] : ""
        guard let whole = UInt8(seconds[0]), fraction.count <= 6,
            let microseconds = UInt32(fraction + String(repeating: "0", count: 6 - fraction.count))
        else { return nil }
        self.init(isNegative: isNegative, hours: hours, minutes: minutes, seconds: whole, microseconds: microseconds)
    }
}
