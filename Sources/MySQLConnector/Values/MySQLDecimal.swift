/// An exact decimal number of up to 65 digits, as MySQL writes it: `-12.340`.
public struct MySQLDecimal: Sendable, Hashable, CustomStringConvertible {
    /// Digits, with an optional sign and decimal point. Two equal numbers of different scale (`1.0`, `1.00`) are
    /// different values here.
    public let description: String

    /// - Returns: `nil` unless the text is digits with an optional sign and one optional decimal point.
    public init?(_ text: String) {
        let digits =
            text.utf8.first == UInt8(ascii: "-") || text.utf8.first == UInt8(ascii: "+")
            ? text.utf8.dropFirst() : text.utf8[...]
        let points = digits.count { $0 == UInt8(ascii: ".") }
        let isNumber = digits.allSatisfy {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: ".")
        }
        guard isNumber, points <= 1, digits.count > points else { return nil }
        description = text
    }

    init(unchecked text: String) { description = text }

    /// The digits that count: without leading zeros, and without the fraction's zeros at the end.
    var significantDigits: Int {
        let (whole, fraction) = halves
        let wholeDigits = whole.utf8.drop { !(UInt8(ascii: "1")...UInt8(ascii: "9")).contains($0) }
        let end = fraction.utf8.lastIndex { $0 != UInt8(ascii: "0") }
        let fractionDigits = end.map { fraction.utf8[...$0] } ?? fraction.utf8.prefix(0)
        if !wholeDigits.isEmpty { return wholeDigits.count + fractionDigits.count }
        return fractionDigits.drop { $0 == UInt8(ascii: "0") }.count
    }

    private var halves: (Substring, Substring) {
        guard let point = description.firstIndex(of: ".") else { return (description[...], "") }
        return (description[..<point], description[description.index(after: point)...])
    }

    /// The whole number that this is, if it is one: `12` and `12.00`, but not `12.5`.
    public var wholeNumber: Int64? {
        let parts = description.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count < 2 || parts[1].allSatisfy({ $0 == "0" }) else { return nil }
        return parts[0].isEmpty ? 0 : Int64(parts[0])
    }
}
