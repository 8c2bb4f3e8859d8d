extension StackFile {
    /// A problem with a value that was read long ago, such as one that a real server refuses: points at the deepest key
    /// of the path that stands in the file.
    /// - Parameter path: keys from the top level down, such as `["database", "settings", "innodb_buffer_pool_size"]`.
    /// - Returns: nil when not even the first key is in the file.
    public func diagnostic(_ message: String, at path: [String]) -> Diagnostic? {
        var problems = Problems()
        guard var tree = TreeReader.read(text, problems: &problems) else { return nil }
        var position: Position?
        for key in path {
            guard case .mapping(let entries) = tree.content,
                let entry = entries.first(where: { Self.isSame($0.key, key) })
            else { break }
            position = entry.position
            tree = entry.value
        }
        return position.map { Diagnostic(file: name, line: $0.line, column: $0.column, message: message) }
    }

    /// MySQL takes `-` for `_` in the names of settings, and so does the file.
    private static func isSame(_ left: String, _ right: String) -> Bool {
        func plain(_ text: String) -> String { String(text.lowercased().map { $0 == "-" ? "_" : $0 }) }
        return left == right || plain(left) == plain(right)
    }
}
