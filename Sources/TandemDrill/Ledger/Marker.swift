/// What tells the writes of one drill from everything else that an app has.
public struct Marker: Sendable, Equatable {
    /// Six lower-case hexadecimal digits.
    public let run: String
    private static let digits = 8

    public init(run: String) { self.run = run }

    public init(seed: UInt64) {
        let text = String(seed & 0xFF_FFFF, radix: 16)
        run = String(repeating: "0", count: 6 - text.count) + text
    }

    /// Always of the same length, so that no write's text begins another's.
    public func number(_ number: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, Self.digits - text.count)) + text
    }

    public func text(_ number: Int) -> String { "drill.\(run).\(self.number(number))" }

    /// Puts a write's text, number and run where the template names them, and the offset of a page.
    public func fill(_ template: String, number: Int, offset: Int = 0) -> String {
        guard template.contains("{") else { return template }
        return template.replacing("{text}", with: text(number)).replacing("{number}", with: self.number(number))
            .replacing("{run}", with: run).replacing("{offset}", with: "\(offset)")
    }

    /// The numbers of all writes of this drill whose texts stand in an answer, as often as they do.
    public func numbers(in answer: some Collection<UInt8>) -> [Int] {
        let bytes = Array(answer)
        let start = Array("drill.\(run).".utf8)
        var found: [Int] = []
        var place = 0
        while place + start.count + Self.digits <= bytes.count {
            guard bytes[place] == start[0], bytes[place..<place + start.count].elementsEqual(start) else {
                place += 1
                continue
            }
            let digits = bytes[place + start.count..<place + start.count + Self.digits]
            if digits.allSatisfy({ (0x30...0x39).contains($0) }) {
                found.append(digits.reduce(0) { $0 * 10 + Int($1 - 0x30) })
            }
            place += start.count
        }
        return found
    }
}
