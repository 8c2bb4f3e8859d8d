/// Reads the time that a log line begins with, in the forms that our services write.
enum LogTimestamp {
    /// Seconds since 1970, or nil when the line does not begin with a time.
    ///
    /// Known: ISO 8601 with fraction and offset, as in `2026-01-02T03:04:05.678Z` (MySQL, HAProxy, nginx's access log,
    /// swift-log), the same as the second value of an object of JSON (etcd), and `2026/01/02 03:04:05` in local time
    /// (nginx's error log).
    /// - Parameter localOffset: seconds east of UTC, for times that do not say.
    static func parse(_ line: some StringProtocol, localOffset: Int) -> Double? {
        var scanner = Scanner(beginning(line))
        guard let year = scanner.number(4), let dash = scanner.next(),
            dash == UInt8(ascii: "-") || dash == UInt8(ascii: "/"),
            let month = scanner.number(2), (1...12).contains(month), scanner.next() == dash,
            let day = scanner.number(2), (1...31).contains(day),
            let separator = scanner.next(), separator == UInt8(ascii: "T") || separator == UInt8(ascii: " "),
            let hour = scanner.number(2), hour < 24, scanner.next() == UInt8(ascii: ":"),
            let minute = scanner.number(2), minute < 60, scanner.next() == UInt8(ascii: ":"),
            // 60 is a leap second.
            let second = scanner.number(2), second <= 60
        else { return nil }
        let fraction = scanner.fraction()
        let offset = scanner.offset() ?? localOffset
        let days = daysSince1970(year: year, month: month, day: day)
        return Double(days * 86400 + hour * 3600 + minute * 60 + second - offset) + fraction
    }

    /// What may be a time.
    private static func beginning(_ line: some StringProtocol) -> [UInt8] {
        let bytes = Array(line.utf8.prefix(64))
        let mark = Array(#","ts":""#.utf8)
        guard bytes.first == UInt8(ascii: "{"), let range = bytes.firstRange(of: mark) else {
            return Array(bytes.prefix(40))
        }
        return Array(bytes[range.upperBound...])
    }

    /// Days from 1970-01-01 in the Gregorian calendar.
    private static func daysSince1970(year: Int, month: Int, day: Int) -> Int {
        // Years that begin in March, so that the leap day is the last one.
        let y = month <= 2 ? year - 1 : year
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return y * 365 + y / 4 - y / 100 + y / 400 + dayOfYear - 719_468
    }

    private struct Scanner {
        private let bytes: [UInt8]
        private var position = 0

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

        mutating func next() -> UInt8? {
            defer { position += 1 }
            return current
        }

        mutating func number(_ digits: Int) -> Int? {
            var value = 0
            for _ in 0..<digits {
                guard let byte = next(), (48...57).contains(byte) else { return nil }
                value = value * 10 + Int(byte - 48)
            }
            return value
        }

        mutating func fraction() -> Double {
            guard current == UInt8(ascii: ".") else { return 0 }
            position += 1
            var value = 0.0
            var scale = 0.1
            while let byte = current, (48...57).contains(byte) {
                value += Double(byte - 48) * scale
                scale /= 10
                position += 1
            }
            return value
        }

        /// `Z`, `+01:00` or `+0100`.
        mutating func offset() -> Int? {
            guard let sign = next() else { return nil }
            if sign == UInt8(ascii: "Z") { return 0 }
            guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), let hours = number(2) else { return nil }
            if current == UInt8(ascii: ":") { position += 1 }
            guard let minutes = number(2) else { return nil }
            return (sign == UInt8(ascii: "-") ? -1 : 1) * (hours * 3600 + minutes * 60)
        }
    }
}
