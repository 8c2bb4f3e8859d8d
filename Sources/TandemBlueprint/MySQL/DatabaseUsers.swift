import TandemStack

extension Database {
    /// MySQL's limit for a user's name, in characters.
    private static let longestUser = 32
    private static let readSuffix = "_read"

    /// The app's user for writes, who owns the app's database: its name, shortened to MySQL's limit.
    public var appUser: String { Self.shortened(name, to: Self.longestUser) }

    /// The app's user for reads, who may only SELECT.
    public var appReadUser: String {
        Self.shortened(name, to: Self.longestUser - Self.readSuffix.count) + Self.readSuffix
    }

    /// Names that do not fit end in a fingerprint, so that two long names stay two names.
    private static func shortened(_ name: String, to limit: Int) -> String {
        guard name.unicodeScalars.count > limit else { return name }
        return String(String.UnicodeScalarView(name.unicodeScalars.prefix(limit - 9))) + "_" + StableHash.hex32(name)
    }
}
