/// Numbers with units, as they stand in the file.
enum Quantity {
    private static let sizes = [
        ("gb", 1 << 30), ("mb", 1 << 20), ("kb", 1 << 10), ("g", 1 << 30), ("m", 1 << 20), ("k", 1 << 10),
    ]
    private static let durations = [("h", 3600), ("m", 60), ("s", 1)]

    /// Plain decimal digits: no sign, no leading zero (which is octal to some), no underscore.
    static func decimal(_ text: some StringProtocol) -> Int? {
        let bytes = text.utf8
        guard (1...10).contains(bytes.count), bytes.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        guard bytes.count == 1 || bytes.first != 0x30 else { return nil }
        return Int(text)
    }

    /// `32mb`, `32m`, `512kb`, `1g`; units are powers of 1024, as nginx has them.
    static func bytes(_ text: String) -> Int? { read(text.lowercased(), units: sizes) }

    /// `30s`, `5m`, `1h`.
    static func seconds(_ text: String) -> Int? { read(text, units: durations) }

    static func size(_ bytes: Int) -> String { write(bytes, units: sizes) }

    static func duration(_ seconds: Int) -> String { write(seconds, units: durations) }

    private static func read(_ text: String, units: [(name: String, factor: Int)]) -> Int? {
        guard let unit = units.first(where: { text.hasSuffix($0.name) }) else { return nil }
        guard let number = decimal(text.dropLast(unit.name.count)) else { return nil }
        let (product, overflows) = number.multipliedReportingOverflow(by: unit.factor)
        return overflows ? nil : product
    }

    private static func write(_ number: Int, units: [(name: String, factor: Int)]) -> String {
        // None of it is a multiple of everything.
        let fitting = number == 0 ? units.last : units.first { number % $0.factor == 0 }
        guard let unit = fitting else { return "\(number)" }
        return "\(number / unit.factor)\(unit.name)"
    }
}
