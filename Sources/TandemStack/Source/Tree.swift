/// The YAML document as the loader sees it: text, with a place for everything.
struct Tree {
    enum Content {
        case scalar(Scalar)
        case sequence([Tree])
        case mapping([Entry])
        /// Already reported; whoever meets it says nothing more.
        case refused
    }

    struct Entry {
        var key: String
        var position: Position
        var value: Tree
    }

    var content: Content
    var position: Position

    /// Nothing written after the colon, or `null`.
    var isNothing: Bool {
        if case .scalar(let scalar) = content { scalar.isNothing } else { false }
    }

    /// What it is, for "found …".
    var summary: String {
        switch content {
        case .scalar(let scalar): scalar.summary
        case .sequence(let items): items.isEmpty ? "an empty list" : "a list"
        case .mapping(let entries): entries.isEmpty ? "an empty map" : "a map"
        case .refused: "what was refused"
        }
    }
}

/// One value as it stands in the file. Its type is decided by the key that it belongs to, never by YAML's rules,
/// which differ between versions: `no` and `010` are just text here.
struct Scalar: Equatable {
    var text: String
    /// Without quotes, and not a block of text.
    var isPlain: Bool

    init(_ text: String, isPlain: Bool = true) {
        self.text = text
        self.isPlain = isPlain
    }

    var isNothing: Bool { isPlain && ["", "~", "null", "Null", "NULL"].contains(text) }

    /// What some version of YAML takes for a boolean.
    var isBoolean: Bool {
        isPlain && ["true", "false", "yes", "no", "on", "off", "y", "n"].contains(text.lowercased())
    }

    /// What some version of YAML takes for a number.
    var isNumber: Bool {
        guard isPlain, let first = text.unicodeScalars.first else { return false }
        guard "0123456789+-.".unicodeScalars.contains(first) else { return false }
        let digits = text.lowercased().filter { $0 != "_" }
        return Double(digits) != nil || digits.hasPrefix("0o") || [".inf", "-.inf", "+.inf", ".nan"].contains(digits)
    }

    var summary: String {
        if isNothing { return "nothing" }
        if isBoolean { return "the boolean \(text.quoted)" }
        if isNumber { return "the number \(text.quoted)" }
        return text.quoted
    }
}
