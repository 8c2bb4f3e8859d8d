/// Cuts a stream of bytes into lines. What is not a whole line yet is kept, up to a bound.
struct LineSplitter {
    struct TooLong: Error {}

    private let bound: Int
    private var pending: [UInt8] = []

    init(bound: Int) { self.bound = bound }

    mutating func add(_ bytes: some Sequence<UInt8>) throws(TooLong) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        // Only what is new is looked through.
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                if !pending.isEmpty { lines.append(pending) }
                pending = []
            } else {
                guard pending.count < bound else { throw TooLong() }
                pending.append(byte)
            }
        }
        return lines
    }
}
