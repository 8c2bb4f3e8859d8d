import TandemAgent

/// Progress for people: one line a step, with the time it took.
package struct StepPrinter: Sendable {
    /// For whoever tells in another way.
    var isSilent = false
    private let style = Style(isColored: Terminal.isErrorColored)
    private let start = ContinuousClock.now

    package init(isSilent: Bool = false) { self.isSilent = isSilent }

    /// - Parameter seconds: how long the step took; nil prints the time since the beginning.
    package func done(_ subject: String, _ text: String, seconds: Double? = nil) {
        if isSilent { return }
        let time = seconds ?? (ContinuousClock.now - start) / .seconds(1)
        let left = Self.padded(subject, 10) + " " + Self.padded(text, 52)
        Terminal.line("  \(style.green("✓")) \(left) \(style.dim(Self.seconds(time)))")
    }

    /// Something on the way that is no step of its own.
    func note(_ text: String) { if !isSilent { Terminal.line("    \(style.dim(text))") } }

    /// What whoever trusts the stack's authority has to do, if anything.
    func note(_ made: StackPKI.Made) {
        if made.replacesAuthority {
            note(
                "the CA is a new one, which may sign for this stack's names alone; browsers learn of it by: tandem trust"
            )
        } else if made.widensAnchor {
            note("the CA signs for further addresses now; browsers that trust it already need it again: tandem trust")
        }
    }

    package func headline(_ text: String) { if !isSilent { Terminal.line(style.bold(text)) } }

    package static func padded(_ text: String, _ width: Int) -> String {
        text.count >= width ? text : text + String(repeating: " ", count: width - text.count)
    }

    /// Such as `  3.1 s`.
    private static func seconds(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        let text = "\(tenths / 10).\(tenths % 10) s"
        return String(repeating: " ", count: max(0, 7 - text.count)) + text
    }
}
