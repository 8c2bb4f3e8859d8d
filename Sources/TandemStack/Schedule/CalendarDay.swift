/// A day of the Gregorian calendar.
struct CalendarDay: Equatable {
    var month: Int
    var day: Int
    /// 0 is Sunday.
    var weekday: Int

    init(daysSince1970 days: Int) {
        // Years that begin in March, so that the leap day is their last, in cycles of 400.
        let shifted = days + 719_468
        let dayOfCycle = Self.remainder(shifted, 146_097)
        let year = (dayOfCycle - dayOfCycle / 1460 + dayOfCycle / 36_524 - dayOfCycle / 146_096) / 365
        let dayOfYear = dayOfCycle - (365 * year + year / 4 - year / 100)
        let month = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * month + 2) / 5 + 1
        self.month = month < 10 ? month + 3 : month - 9
        // 1970 began on a Thursday.
        weekday = Self.remainder(days + 4, 7)
    }

    private static func remainder(_ number: Int, _ divisor: Int) -> Int {
        let rest = number % divisor
        return rest < 0 ? rest + divisor : rest
    }

    static let monthNames = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]

    /// In a leap year.
    static func mostDays(inMonth month: Int) -> Int {
        switch month {
        case 2: 29
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
