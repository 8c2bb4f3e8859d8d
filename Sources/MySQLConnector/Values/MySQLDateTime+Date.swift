#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension MySQLDateTime {
    /// The point in time, reading this as UTC; `nil` for a zero date or a day that is in no month.
    public var utcDate: Date? {
        guard (1...12).contains(date.month), (1...31).contains(date.day), hour < 24, minute < 60, second < 60 else {
            return nil
        }
        let days = Self.daysSince1970(year: Int(date.year), month: Int(date.month), day: Int(date.day))
        let seconds = days * 86_400 + Int(hour) * 3600 + Int(minute) * 60 + Int(second)
        return Date(timeIntervalSince1970: Double(seconds) + Double(microsecond) / 1_000_000)
    }

    /// The UTC day and time, rounded to the microsecond; `nil` outside the years 0 to 9999.
    public init?(utc instant: Date) {
        let microseconds = (instant.timeIntervalSince1970 * 1_000_000).rounded()
        guard microseconds >= -62_167_219_200e6, microseconds < 253_402_300_800e6 else { return nil }
        let total = Int(microseconds)
        let (days, rest) = Self.floorDivided(total, by: 86_400_000_000)
        let (seconds, fraction) = Self.floorDivided(rest, by: 1_000_000)
        self.init(
            date: Self.date(daysSince1970: days), hour: UInt8(seconds / 3600), minute: UInt8(seconds / 60 % 60),
            second: UInt8(seconds % 60), microsecond: UInt32(fraction))
    }

    // Days are counted from 1 March of year 0 in 400-year eras of 146 097 days, so that the leap day comes last in its
    // year.

    private static func daysSince1970(year: Int, month: Int, day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = floorDivided(shifted, by: 400)
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func date(daysSince1970 days: Int) -> MySQLDate {
        let (era, dayOfEra) = floorDivided(days + 719_468, by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
        return MySQLDate(year: UInt16(year), month: UInt8(month), day: UInt8(day))
    }

    private static func floorDivided(_ value: Int, by divisor: Int) -> (Int, Int) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

extension Date: MySQLEncodable, MySQLDecodable {
    /// As DATETIME in UTC, to the microsecond. MySQL has no dates outside the years 0 to 9999: such a one is sent as a
    /// text that the server refuses, so that it is an error and not a silent NULL.
    public var mysqlValue: MySQLValue {
        MySQLDateTime(utc: self).map(MySQLValue.dateTime)
            ?? .text("outside the years 0 to 9999: \(timeIntervalSince1970)")
    }

    public init?(mysqlValue: MySQLValue) {
        guard let value = MySQLDateTime(mysqlValue: mysqlValue)?.utcDate else { return nil }
        self = value
    }
}
