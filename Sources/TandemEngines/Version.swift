/// The numbers of a program's version, such as 3.0.11. What follows them (`-1+deb13u5`) does not count.
struct Version: Sendable, Comparable, CustomStringConvertible {
    let numbers: [Int]

    init(_ numbers: Int...) { self.numbers = numbers }

    /// Reads the numbers at the beginning of a text; nil if there are not at least two.
    init?(_ text: some StringProtocol) {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let numbers = digits.split(separator: ".").compactMap { Int($0) }
        guard numbers.count >= 2 else { return nil }
        self.numbers = numbers
    }

    /// The version in a Debian package version: without epoch (`1:`) and revision.
    init?(debian text: String) {
        let upstream = text.split(separator: ":", maxSplits: 1).last ?? ""
        self.init(upstream)
    }

    /// The release series, such as `9.7`: within it, MySQL's data can be used by every version.
    var series: String { numbers.prefix(2).map(String.init).joined(separator: ".") }

    var description: String { numbers.map(String.init).joined(separator: ".") }

    static func < (one: Version, other: Version) -> Bool {
        one.numbers.lexicographicallyPrecedes(other.numbers)
    }
}
