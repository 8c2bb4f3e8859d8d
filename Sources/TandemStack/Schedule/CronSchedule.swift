/// Times that return, in UTC, as crontab(5) writes them: five fields, or a word such as `@daily`.
public struct CronSchedule: Sendable, Hashable {
    /// As it was written.
    public let text: String
    let minutes: NumberSet
    let hours: NumberSet
    let daysOfMonth: NumberSet
    let months: NumberSet
    /// 0 is Sunday.
    let weekdays: NumberSet
    let isAnyDayOfMonth: Bool
    let isAnyWeekday: Bool

    /// What is wrong with a schedule, in words.
    public struct Problem: Error, Equatable, CustomStringConvertible {
        public let description: String
    }

    /// The longest text that is read.
    static let mostCharacters = 200

    public init(parsing text: String) throws(Problem) {
        guard text.utf8.count <= Self.mostCharacters else {
            throw Problem(description: "it has more than \(Self.mostCharacters) characters")
        }
        let words = text.split { $0 == " " || $0 == "\t" }
        var fields = words
        if let word = words.first, word.hasPrefix("@") {
            guard words.count == 1, let meaning = Self.nicknames.first(where: { $0.name == word.lowercased() }) else {
                let names = Self.nicknames.map(\.name).joined(separator: ", ")
                throw Problem(description: "of the words that begin with @ there are \(names)")
            }
            fields = meaning.fields.split(separator: " ")
        }
        guard fields.count == 5 else {
            throw Problem(
                description: "it has \(fields.count) field\(fields.count == 1 ? "" : "s") and not 5: "
                    + "minute, hour, day of the month, month, day of the week")
        }
        self.text = words.joined(separator: " ")
        minutes = try CronField.minute.read(fields[0])
        hours = try CronField.hour.read(fields[1])
        daysOfMonth = try CronField.dayOfMonth.read(fields[2])
        months = try CronField.month.read(fields[3])
        weekdays = try CronField.weekday.read(fields[4])
        // As cron(8) has it: also of `*/2`, which does not name every day.
        isAnyDayOfMonth = fields[2].hasPrefix("*")
        isAnyWeekday = fields[4].hasPrefix("*")
        try checkComes()
    }

    private static let nicknames = [
        (name: "@hourly", fields: "0 * * * *"), (name: "@daily", fields: "0 0 * * *"),
        (name: "@midnight", fields: "0 0 * * *"), (name: "@weekly", fields: "0 0 * * 0"),
        (name: "@monthly", fields: "0 0 1 * *"), (name: "@yearly", fields: "0 0 1 1 *"),
        (name: "@annually", fields: "0 0 1 1 *"),
    ]

    /// Whether a day of the month or a day of the week suffices, as crontab(5) has it where both are named.
    var isEitherDayEnough: Bool { !isAnyDayOfMonth && !isAnyWeekday }

    private func checkComes() throws(Problem) {
        guard !isEitherDayEnough, let day = daysOfMonth.numbers.first else { return }
        guard !months.numbers.contains(where: { CalendarDay.mostDays(inMonth: $0) >= day }) else { return }
        let dates = months.numbers.map { "\(day) \(CalendarDay.monthNames[$0 - 1])" }
        throw Problem(description: "\(dates.joined(separator: ", ")) never come\(dates.count == 1 ? "s" : "")")
    }
}

extension CronSchedule {
    /// The first time after the given one.
    /// - Parameter seconds: since 1970, as the result.
    public func next(after seconds: Int) -> Int {
        let minute = Self.floorDivide(seconds, 60) + 1
        let today = Self.floorDivide(minute, Self.minutesOfDay)
        // After 400 years dates and days of the week repeat, so one of these days is due.
        for day in today...(today + Self.daysOfCycle) where isDue(CalendarDay(daysSince1970: day)) {
            let first = day == today ? minute - today * Self.minutesOfDay : 0
            if let time = firstTime(from: first) { return (day * Self.minutesOfDay + time) * 60 }
        }
        preconditionFailure("a schedule whose date exists comes within 400 years")
    }

    private static let minutesOfDay = 1440
    private static let daysOfCycle = 146_097

    private func isDue(_ day: CalendarDay) -> Bool {
        guard months.contains(day.month) else { return false }
        let isDay = daysOfMonth.contains(day.day)
        let isWeekday = weekdays.contains(day.weekday)
        return isEitherDayEnough ? isDay || isWeekday : isDay && isWeekday
    }

    /// In minutes since midnight.
    private func firstTime(from start: Int) -> Int? {
        for hour in hours.numbers where hour >= start / 60 {
            let earliest = hour == start / 60 ? start % 60 : 0
            if let minute = minutes.numbers.first(where: { $0 >= earliest }) { return hour * 60 + minute }
        }
        return nil
    }

    private static func floorDivide(_ number: Int, _ divisor: Int) -> Int {
        number >= 0 ? number / divisor : (number - divisor + 1) / divisor
    }
}

extension CronSchedule: Codable {
    public init(from decoder: any Decoder) throws {
        self = try CronSchedule(parsing: decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
