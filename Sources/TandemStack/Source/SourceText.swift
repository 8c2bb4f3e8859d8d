/// The text of a stack file, cleared of what the YAML parser must not see.
struct SourceText {
    /// With every `*` as `alias`.
    var text: String
    /// A character that the file does not hold and that stands for `*`.
    ///
    /// An alias in YAML begins with `*`, and a few lines of them expand to gigabytes. With another character
    /// there instead the parser sees ordinary text, which cannot expand; where such text stands plain and begins
    /// with the character, the file had an alias, and everywhere else the `*` is put back.
    var alias: Unicode.Scalar
    /// Characters that the file does not hold either; one marks each key that is there twice. The larger the
    /// file, the fewer, because each costs a pass.
    var marks: [Unicode.Scalar]

    /// Nil where the text was refused.
    init?(_ original: String, problems: inout Problems) {
        guard original.utf8.count <= StackFile.sizeLimitBytes else {
            problems.add(
                "the file is \(original.utf8.count) bytes long; expected at most \(StackFile.sizeLimitBytes)",
                at: .start)
            return nil
        }
        var text = original
        text.makeContiguousUTF8()
        // Some editors begin a file with a byte order mark.
        if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
        guard Self.check(text, problems: &problems) else { return nil }

        var free = Self.unused(in: text)
        guard let alias = free.popLast() else {
            problems.add("the file holds a thousand characters of Unicode's private area; expected text", at: .start)
            return nil
        }
        self.alias = alias
        marks = free
        self.text = Self.replace("*", by: alias, in: text)
    }

    func restored(_ text: String) -> String { Self.replace(alias, by: "*", in: text) }

    private static func replace(_ old: Unicode.Scalar, by new: Unicode.Scalar, in text: String) -> String {
        guard text.unicodeScalars.contains(old) else { return text }
        var result = String.UnicodeScalarView()
        result.append(contentsOf: text.unicodeScalars.lazy.map { $0 == old ? new : $0 })
        return String(result)
    }

    /// The YAML parser refuses most of these at once and without a line; some it takes for line breaks, which no
    /// editor does, so that every later position would be wrong.
    private static func check(_ text: String, problems: inout Problems) -> Bool {
        var position = Position.start
        var isFine = true
        var previous: Unicode.Scalar = " "
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x09, 0x20...0x7E, 0xA0...0x2027, 0x202A...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD, 0x10000...:
                position.column += 1
            case 0x0A where previous == "\r": break
            case 0x0A, 0x0D: position = Position(line: position.line + 1, column: 1)
            default:
                let code = String(scalar.value, radix: 16, uppercase: true)
                problems.add(
                    "the character U+\(String(repeating: "0", count: max(0, 4 - code.count)))\(code) cannot be "
                        + "shown and is not allowed; expected text in UTF-8",
                    at: position)
                position.column += 1
                isFine = false
            }
            previous = scalar
        }
        return isFine
    }

    /// Some private characters that the text does not hold.
    ///
    /// They are from the last plane: an escape that makes one shows all of its number, so that a search finds it.
    private static func unused(in text: String) -> [Unicode.Scalar] {
        let used = Set(text.unicodeScalars.lazy.filter { $0.value >= firstPrivate })
        let escapes = text.utf8.contains(UInt8(ascii: "\\")) ? text.lowercased() : ""
        let count = 1 + max(1, min(TreeReader.duplicateLimit, 4 * StackFile.sizeLimitBytes / max(1, text.utf8.count)))
        var free: [Unicode.Scalar] = []
        for value in firstPrivate..<firstPrivate + 1000 where free.count < count {
            guard let scalar = Unicode.Scalar(value), !used.contains(scalar) else { continue }
            if !escapes.contains(String(value, radix: 16)) { free.append(scalar) }
        }
        return free
    }

    private static let firstPrivate: UInt32 = 0x100000
}
