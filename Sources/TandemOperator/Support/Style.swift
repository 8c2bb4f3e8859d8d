/// Colours for a terminal (ECMA-48), or none.
package struct Style: Sendable {
    var isColored: Bool

    package init(isColored: Bool) { self.isColored = isColored }

    package func red(_ text: String) -> String { paint(text, 31) }
    package func green(_ text: String) -> String { paint(text, 32) }
    package func yellow(_ text: String) -> String { paint(text, 33) }
    package func bold(_ text: String) -> String { paint(text, 1) }
    package func dim(_ text: String) -> String { paint(text, 2) }

    func paint(_ text: String, _ code: Int) -> String {
        isColored ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
