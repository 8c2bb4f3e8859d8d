extension Loader {
    /// What makes up a version of the app; nil where the file does not say.
    mutating func files(in section: OpenSection) -> [FilePattern]? {
        guard let tree = section.entries["files"]?.value, !tree.isNothing else { return nil }
        let name = section.fullName("files")
        if case .refused = tree.content { return nil }
        guard case .sequence(let items) = tree.content, !items.isEmpty else {
            problems.add("\(name): \(Schema.Kind.files.mismatch(tree.summary).message)", at: tree.position)
            return nil
        }
        if items.count > FilePattern.most {
            problems.add(
                "\(name): expected at most \(FilePattern.most) patterns, found \(items.count)", at: tree.position)
        }
        let patterns = items.compactMap { file($0, in: name) }
        if let first = patterns.first, patterns.count == items.count, first.leavesOut {
            problems.add(
                "\(name): \(first.text.quoted) comes first, where there is nothing yet to leave out of; for all but that, "
                    + "write \".\" before it", at: items[0].position)
        }
        return patterns
    }

    private mutating func file(_ item: Tree, in name: String) -> FilePattern? {
        let expected =
            "\(name): expected a path below the stack file's folder, such as dist or \"static/**/*.css\", found "
        switch item.content {
        case .refused: return nil
        case .scalar(let scalar) where scalar.isBoolean || scalar.isNumber:
            problems.add("\(expected)\(item.summary); if it is meant as text, put quotes around it", at: item.position)
        case .scalar(let scalar) where !scalar.isNothing:
            do throws(FilePattern.Problem) {
                return try FilePattern(parsing: scalar.text)
            } catch {
                problems.add("\(expected)\(item.summary): \(error)", at: item.position)
            }
        case .scalar, .sequence, .mapping: problems.add("\(expected)\(item.summary)", at: item.position)
        }
        return nil
    }
}
