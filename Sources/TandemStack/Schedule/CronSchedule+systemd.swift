extension CronSchedule {
    /// The same times as systemd.time(7) writes them for OnCalendar=. Where either of two days will do, these are two.
    public var calendarEvents: [String] {
        let time = "\(list(hours, of: .hour)):\(list(minutes, of: .minute)):00 UTC"
        let month = list(months, of: .month)
        let date = "*-\(month)-\(list(daysOfMonth, of: .dayOfMonth)) \(time)"
        // Of the days of the week 7 is 0 here, so that a set of all has seven numbers.
        let days =
            weekdays.numbers.count == 7
            ? "" : weekdays.numbers.map { Self.weekdayNames[$0] }.joined(separator: ",") + " "
        return isEitherDayEnough ? [date, "\(days)*-\(month)-* \(time)"] : ["\(days)\(date)"]
    }

    private static let weekdayNames = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]

    private func list(_ set: NumberSet, of field: CronField) -> String {
        let numbers = set.numbers
        return numbers.count == field.range.count
            ? "*" : numbers.map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ",")
    }
}
