/// A section of the file next to its schema.
struct OpenSection {
    var schema: Schema.Section
    /// As in errors; names the host where the schema says NAME.
    var path: String
    /// Only known keys.
    var entries: [String: Tree.Entry]
    /// Of the section's key, or of the file.
    var position: Position
    /// The whole section was refused.
    var isRefused = false
    /// It has keys that are not in the schema; what is missing may be one of them.
    var hasUnknown = false
    /// Known keys that were misspelt.
    var misspelt: Set<String> = []

    /// Whether a key that is missing needs no second complaint.
    func isExcused(_ key: String) -> Bool { isRefused || misspelt.contains(key) }

    func fullName(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
}

/// A value, where it stands, and whether the file has it or the default does.
struct Found<Value> {
    var value: Value
    var position: Position
    var isInFile: Bool
    /// Whether it may be compared with others.
    var isValid: Bool
}

extension Loader {
    /// Checks a section's keys. Nothing after the section's colon is an empty section: all of it may be
    /// commented out.
    mutating func open(
        _ tree: Tree?, as schema: Schema.Section, path: String? = nil, at position: Position
    ) -> OpenSection {
        let path = path ?? schema.path
        var section = OpenSection(schema: schema, path: path, entries: [:], position: position)
        guard let tree, !tree.isNothing else { return section }
        let kind = Schema.Kind.section(schema)
        if case .mapping = tree.content {} else { section.isRefused = true }
        for entry in entries(of: tree, kind: kind, name: path) {
            if schema.key(entry.key) != nil {
                section.entries[entry.key] = entry
            } else {
                section.hasUnknown = true
                if let meant = addUnknown(entry, in: section) { section.misspelt.insert(meant) }
            }
        }
        return section
    }

    mutating func open(_ key: String, of parent: OpenSection, as schema: Schema.Section) -> OpenSection {
        let entry = parent.entries[key]
        var section = open(entry?.value, as: schema, at: entry?.position ?? parent.position)
        if entry == nil, parent.schema.key(key)?.isRequired == true {
            addMissing(key, in: parent)
            section.isRefused = true
        }
        return section
    }

    /// Reports an unknown key, and returns the known one that was probably meant.
    private mutating func addUnknown(_ entry: Tree.Entry, in section: OpenSection) -> String? {
        let place = section.path.isEmpty ? "at the top level" : "in \(section.path)"
        let names = section.schema.keys.map(\.name)
        let start = "unknown key \(entry.key.quoted) \(place)"
        if let key = section.schema.keys.first(where: { $0.synonyms.contains(entry.key.lowercased()) }) {
            problems.add("\(start); here it is called '\(key.name)'", at: entry.position)
            return key.name
        }
        if let near = NearestWord.find(entry.key, among: names) {
            problems.add("\(start); did you mean '\(near)'?", at: entry.position)
            return near
        }
        if let home = Schema.sections.first(where: { $0.path != section.schema.path && $0.key(entry.key) != nil }) {
            problems.add(
                "\(start); it belongs \(home.path.isEmpty ? "to the top level" : "under \(home.path)")",
                at: entry.position)
            return nil
        }
        problems.add("\(start); expected one of \(names.joined(separator: ", "))", at: entry.position)
        return nil
    }

    mutating func addMissing(_ name: String, in section: OpenSection) {
        guard !section.isExcused(name), let key = section.schema.key(name) else { return }
        let example = key.example.map { $0.contains("\n") ? "" : ", such as '\(name): \($0)'" } ?? ""
        problems.add(
            "\(section.fullName(name)) is missing; expected \(key.kind.expectation)\(example)", at: section.position)
    }

    // MARK: Values

    mutating func text(_ name: String, in section: OpenSection) -> Found<String> {
        guard let found = value(name, in: section), case .text(let text) = found.value else {
            return Found(value: "", position: section.position, isInFile: false, isValid: false)
        }
        return Found(value: text, position: found.position, isInFile: found.isInFile, isValid: true)
    }

    mutating func number(_ name: String, in section: OpenSection, onLoopback: Bool = true) -> Found<Int> {
        guard let found = value(name, in: section, onLoopback: onLoopback), case .number(let number) = found.value
        else {
            return Found(value: 1, position: section.position, isInFile: false, isValid: false)
        }
        return Found(value: number, position: found.position, isInFile: found.isInFile, isValid: true)
    }

    /// Nil where it is absent without a default, or refused.
    mutating func optionalText(_ name: String, in section: OpenSection) -> Found<String>? {
        guard section.entries[name] != nil else { return nil }
        let found = text(name, in: section)
        return found.isValid ? found : nil
    }

    /// Nil where it is absent without a default, or refused.
    mutating func optionalNumber(_ name: String, in section: OpenSection) -> Found<Int>? {
        guard section.entries[name] != nil else { return nil }
        let found = number(name, in: section)
        return found.isValid ? found : nil
    }

    private mutating func value(
        _ name: String, in section: OpenSection, onLoopback: Bool = true
    ) -> Found<Schema.Value>? {
        guard let key = section.schema.key(name) else { return nil }
        guard let entry = section.entries[name] else {
            if key.isRequired { addMissing(name, in: section) }
            guard let preset = key.preset(onLoopback: onLoopback) else { return nil }
            let read = read(Scalar(preset), as: key.kind, name: section.fullName(name), at: section.position)
            return read.map { Found(value: $0, position: section.position, isInFile: false, isValid: true) }
        }
        let position = entry.value.position
        switch entry.value.content {
        case .refused: return nil
        case .scalar(let scalar):
            let read = read(scalar, as: key.kind, name: section.fullName(name), at: position)
            return read.map { Found(value: $0, position: position, isInFile: true, isValid: true) }
        case .sequence, .mapping:
            let complaint = key.kind.mismatch(entry.value.summary)
            problems.add("\(section.fullName(name)): \(complaint.message)", at: position)
            return nil
        }
    }

    mutating func read(_ scalar: Scalar, as kind: Schema.Kind, name: String, at position: Position) -> Schema.Value? {
        do throws(Complaint) {
            return try kind.read(scalar, folder: folder)
        } catch {
            problems.add("\(name): \(error.message)", at: position)
            return nil
        }
    }

    /// The entries of a map with names of the user's choice.
    mutating func entries(of tree: Tree, kind: Schema.Kind, name: String) -> [Tree.Entry] {
        switch tree.content {
        case .mapping(let entries): return entries
        case .refused: return []
        case .scalar, .sequence:
            problems.add("\(name): \(kind.mismatch(tree.summary).message)", at: tree.position)
            return []
        }
    }
}
