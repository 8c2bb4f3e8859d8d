/// Reads of nginx's lines (`NginxFile.log`) when a request that came from a balancer ended, and how long it took. A
/// value: it remembers the second of the last line, since most lines are of the same one.
struct AccessLogParser: Sendable {
    struct Entry: Sendable, Equatable {
        /// Since 1970.
        var second: Int
        var milliseconds: Int
    }

    /// `YYYY-MM-DDTHH:MM:SS`.
    private static let dateLength = 19
    private let port: [UInt8]
    private var lastDate: [UInt8] = []
    private var lastSecond = 0

    /// - Parameter port: on which balancers call. What other web servers pass on came through one of these before.
    init(port: Int) { self.port = Array("port=\(port)".utf8) }

    /// - Returns: nil for a line of another port, of a WebSocket, or that is none of nginx's.
    mutating func entry(_ line: UnsafeBufferPointer<UInt8>) -> Entry? {
        guard let quote = line.lastIndexOfRequest, let second = second(line) else { return nil }
        let fields = line[(quote + 1)...].split(
            separator: UInt8(ascii: " "), maxSplits: 5, omittingEmptySubsequences: true)
        // status, bytes, seconds, id=, port=, and the rest
        guard fields.count >= 5, fields[4].elementsEqual(port), !fields[0].elementsEqual("101".utf8),
            let milliseconds = Self.milliseconds(fields[2])
        else { return nil }
        return Entry(second: second, milliseconds: milliseconds)
    }

    /// Of `1.234`: nginx writes three digits.
    private static func milliseconds(_ field: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
        guard field.count <= 12 else { return nil }
        var value = 0
        for byte in field where byte != UInt8(ascii: ".") {
            guard let digit = digit(byte) else { return nil }
            value = value * 10 + digit
        }
        return field.isEmpty ? nil : value
    }

    private static func digit(_ byte: UInt8) -> Int? {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") ? Int(byte - UInt8(ascii: "0")) : nil
    }

    private mutating func second(_ line: UnsafeBufferPointer<UInt8>) -> Int? {
        // Milliseconds (`.123`) and the distance to UTC (`+02:00`) follow.
        guard line.count > Self.dateLength + 6 else { return nil }
        let date = line[..<Self.dateLength]
        if lastDate.elementsEqual(date) { return lastSecond }
        guard let local = Self.local(date), let distance = Self.distance(line[Self.dateLength...]) else { return nil }
        lastDate = Array(date)
        lastSecond = local - distance
        return lastSecond
    }

    private static func local(_ date: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
        func number(_ first: Int, _ count: Int) -> Int? {
            var value = 0
            for byte in date[first..<(first + count)] {
                guard let digit = digit(byte) else { return nil }
                value = value * 10 + digit
            }
            return value
        }
        guard let year = number(0, 4), let month = number(5, 2), let day = number(8, 2), let hour = number(11, 2),
            let minute = number(14, 2), let second = number(17, 2), (1...12).contains(month)
        else { return nil }
        return days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second
    }

    /// From 1970 on, in the Gregorian calendar, with years that begin in March so that a leap day is their last.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let years = month <= 2 ? year - 1 : year
        let months = (month + 9) % 12
        return years * 365 + years / 4 - years / 100 + years / 400 + (months * 306 + 5) / 10 + day - 1 - 719_468
    }

    private static func distance(_ rest: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
        let zone = rest.drop { $0 == UInt8(ascii: ".") || digit($0) != nil }
        guard zone.count >= 6, let sign = zone.first else { return nil }
        let digits = zone.dropFirst().prefix(5).compactMap(digit)
        guard digits.count == 4, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { return nil }
        let seconds = (digits[0] * 10 + digits[1]) * 3600 + (digits[2] * 10 + digits[3]) * 60
        return sign == UInt8(ascii: "-") ? -seconds : seconds
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// Where the request's closing quotation mark is: nginx writes one within it as `\x22`.
    fileprivate var lastIndexOfRequest: Int? {
        guard let first = firstIndex(of: UInt8(ascii: "\"")) else { return nil }
        return self[(first + 1)...].firstIndex(of: UInt8(ascii: "\""))
    }
}
