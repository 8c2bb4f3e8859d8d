/// A calendar day. MySQL's "zero dates" (0000-00-00) can be held too.
public struct MySQLDate: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// 0 to 9999.
    public var year: UInt16
    /// 1 to 12, or 0 in a zero date.
    public var month: UInt8
    /// 1 to 31, or 0 in a zero date.
    public var day: UInt8

    public init(year: UInt16, month: UInt8, day: UInt8) {
        self.year = year
        self.month = month
        self.day = day
    }

    public static func < (left: MySQLDate, right: MySQLDate) -> Bool {
        (left.year, left.month, left.day) < (right.year, right.month, right.day)
    }

    /// `2026-01-31`.
    public var description: String { "\(padded(Int(year), 4))-\(padded(Int(month), 2))-\(padded(Int(day), 2))" }
}

/// A day and a time of day, without a time zone of its own.
public struct MySQLDateTime: Sendable, Hashable, Comparable, CustomStringConvertible {
    public var date: MySQLDate
    public var hour: UInt8
    public var minute: UInt8
    public var second: UInt8
    /// 0 to 999 999.
    public var microsecond: UInt32

    public init(date: MySQLDate, hour: UInt8 = 0, minute: UInt8 = 0, second: UInt8 = 0, microsecond: UInt32 = 0) {
        self.date = date
        self.hour = hour
        self.minute = minute
        self.second = second
        self.microsecond = microsecond
    }

    public static func < (left: MySQLDateTime, right: MySQLDateTime) -> Bool {
        (left.date, left.hour, left.minute, left.second, left.microsecond)
            < (right.date, right.hour, right.minute, right.second, right.microsecond)
    }

    /// `2026-01-31 23:59:59.000001`; the fraction is left out when it is zero.
    public var description: String {
        let clock = "\(padded(Int(hour), 2)):\(padded(Int(minute), 2)):\(padded(Int(second), 2))"
        return "\(date) \(clock)\(microsecond == 0 ? "" : "." + padded(Int(microsecond), 6))"
    }
}

/// A span of time or a time of day, −838:59:59 to 838:59:59.
public struct MySQLTime: Sendable, Hashable, CustomStringConvertible {
    public var isNegative: Bool
    /// 0 to 838.
    public var hours: UInt16
    public var minutes: UInt8
    public var seconds: UInt8
    /// 0 to 999 999.
    public var microseconds: UInt32

    public init(isNegative: Bool = false, hours: UInt16, minutes: UInt8, seconds: UInt8, microseconds: UInt32 = 0) {
        self.isNegative = isNegative
        self.hours = hours
        self.minutes = minutes
        self.seconds = seconds
        self.microseconds = microseconds
    }

    /// `-01:02:03.5` as MySQL writes it, with six digits of fraction when it is not zero.
    public var description: String {
        let clock = "\(padded(Int(hours), 2)):\(padded(Int(minutes), 2)):\(padded(Int(seconds), 2))"
        return "\(isNegative ? "-" : "")\(clock)\(microseconds == 0 ? "" : "." + padded(Int(microseconds), 6))"
    }
}

private func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
