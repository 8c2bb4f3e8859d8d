/// Tags as links to the articles about them.
struct TagList {
    var tags: [String]
    /// The one whose articles are shown; its link leads back to all.
    var current: String?

    var html: HTML {
        guard !tags.isEmpty else { return "" }
        return "<ul class=\"tags\" aria-label=\"Tags\">\(tags.map(item))</ul>"
    }

    private func item(_ tag: String) -> HTML {
        tag == current
            ? "<li><a href=\"/\" aria-current=\"true\" title=\"Show all articles\">\(tag) ×</a></li>"
            : "<li><a href=\"/?tag=\(Self.encoded(tag))\">\(tag)</a></li>"
    }

    /// For a query string: everything but letters, digits and `-._~` as `%XX`.
    static func encoded(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default: result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return result
    }
}
