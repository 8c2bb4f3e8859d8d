/// One of the five fields of a schedule: what it may hold, and how it is read.
struct CronField {
    let name: String
    let range: ClosedRange<Int>
    /// Words for numbers, from the range's first on.
    var words: [String] = []

    static let minute = CronField(name: "minute", range: 0...59)
    static let hour = CronField(name: "hour", range: 0...23)
    static let dayOfMonth = CronField(name: "day of the month", range: 1...31)
    static let month = CronField(
        name: "month", range: 1...12,
        words: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"])
    /// 7 is Sunday, as 0 is.
    static let weekday = CronField(
        name: "day of the week", range: 0...7, words: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"])

    /// A list of numbers, ranges and `*`, the latter two with a step if need be.
    func read(_ text: Substring) throws(CronSchedule.Problem) -> NumberSet {
        var set = NumberSet()
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            for number in try read(item: item) { set.insert(isWeekday && number == 7 ? 0 : number) }
        }
        return set
    }

    private var isWeekday: Bool { range.upperBound == 7 }

    private func read(item: Substring) throws(CronSchedule.Problem) -> [Int] {
        let parts = item.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let bounds = parts[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let isRange = parts[0] == "*" || bounds.count == 2
        var span = range
        if parts[0] != "*" {
            let first = try number(bounds[0])
            let last = bounds.count == 2 ? try lastNumber(bounds[1], after: first) : first
            guard first <= last else {
                throw problem("\(String(parts[0]).quoted) counts backwards; write two ranges with a comma between them")
            }
            span = first...last
        }
        guard parts.count == 2 else { return Array(span) }
        guard isRange else {
            throw problem("in \(String(item).quoted) a step needs a range or * before it, such as */5 or 10-59/5")
        }
        guard let step = Quantity.decimal(parts[1]), (1...range.upperBound).contains(step) else {
            throw problem("the step in \(String(item).quoted) is no number from 1 to \(range.upperBound)")
        }
        // Of `*` in days of the week, Sunday is meant once.
        let last = parts[0] == "*" && isWeekday ? 6 : span.upperBound
        return Array(stride(from: span.lowerBound, through: last, by: step))
    }

    /// Of a range of days that ends with Sunday, that is the 7th.
    private func lastNumber(_ text: Substring, after first: Int) throws(CronSchedule.Problem) -> Int {
        let last = try number(text)
        return isWeekday && last == 0 && first > 0 && text.lowercased() == words.first ? 7 : last
    }

    private func number(_ text: Substring) throws(CronSchedule.Problem) -> Int {
        // Leading zeros as in 07 are no matter here.
        let digits = text.drop { $0 == "0" }
        if let number = Quantity.decimal(digits.isEmpty ? text.suffix(1) : digits), range.contains(number) {
            return number
        }
        if let index = words.firstIndex(of: text.lowercased()) { return range.lowerBound + index }
        let names = words.isEmpty ? "" : " or \(words[0]) to \(words[words.count - 1])"
        throw problem("\(String(text).quoted) is none of \(range.lowerBound) to \(range.upperBound)\(names)")
    }

    private func problem(_ text: String) -> CronSchedule.Problem {
        CronSchedule.Problem(description: "in the field for the \(name), \(text)")
    }
}

/// Numbers from 0 to 63.
struct NumberSet: Sendable, Hashable {
    private var bits: UInt64 = 0

    mutating func insert(_ number: Int) { bits |= 1 << UInt64(number) }
    func contains(_ number: Int) -> Bool { bits & (1 << UInt64(number)) != 0 }
    /// In rising order.
    var numbers: [Int] { (0..<64).filter(contains) }
}
