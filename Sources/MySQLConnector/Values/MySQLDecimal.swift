/// An exact decimal number of up to 65 digits, as MySQL writes it: `-12.340`.
public struct MySQLDecimal: Sendable, Hashable, CustomStringConvertible {
    /// Digits, with an optional sign and decimal point. Two equal numbers of different scale (`1.0`, `1.00`) are different values here.
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

    /// The whole number that this is, if it is one: `12` and `12.00`, but not `12.5`.
    public var wholeNumber: Int64? {
        let parts = description.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count < 2 || parts[1].allSatisfy({ $0 == "0" }) else { return nil }
        return parts[0].isEmpty ? 0 : Int64(parts[0])
    }
}
