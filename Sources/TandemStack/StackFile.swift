/// The text of a stack file, and what is known about where it came from.
///
/// Loading is pure: same text, name and folder, same `Stack`. Nothing is read from the disk or the environment.
public struct StackFile: Sendable {
    /// The largest file that is read, in bytes.
    public static let sizeLimitBytes = 1 << 20

    public var text: String
    /// Shown in errors, such as `tandem.yaml`.
    public var name: String
    /// The absolute path of the file's folder: relative paths in the file resolve against it.
    public var folder: String
    /// Addresses that hosts had the last time, by name. A host to which the file gives none keeps its own, so that
    /// adding or removing another host moves nobody.
    public var lastAddresses: [String: String]

    public init(text: String, name: String, folder: String, lastAddresses: [String: String] = [:]) {
        self.text = text
        self.name = name
        self.folder = folder
        self.lastAddresses = lastAddresses
    }

    /// The stack that the file declares, defaults filled in.
    ///
    /// - Throws: All problems of the file at once. Only where the text is not YAML at all does the first problem
    ///   hide those behind it.
    public func load() throws(StackFileErrors) -> Stack {
        var loader = Loader(folder: folder, lastAddresses: lastAddresses)
        let stack = loader.load(text)
        let diagnostics = loader.problems.diagnostics(file: name)
        guard var stack, diagnostics.isEmpty else { throw StackFileErrors(diagnostics) }
        stack.fileName = name.split(separator: "/").last.map(String.init)
        return stack
    }

    /// The stack's name, as far as it can be told from a file that may be wrong otherwise: the value of the first line
    /// that begins with `stack:`. nil when there is none that could be a name.
    public var declaredName: String? {
        let key = "stack:"
        guard let line = text.split(whereSeparator: \.isNewline).first(where: { $0.hasPrefix(key) }) else { return nil }
        let value = line.dropFirst(key.count).prefix { $0 != "#" }
        let name = value.trimmingPrefix { $0 == " " || $0 == "'" || $0 == "\"" }
            .prefix { $0 != " " && $0 != "'" && $0 != "\"" }
        return Grammar.isLabel(String(name)) ? String(name) : nil
    }
}
