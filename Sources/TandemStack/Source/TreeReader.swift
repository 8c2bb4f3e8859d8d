import Yams

/// Reads YAML into a `Tree`, with the parts of YAML that a stack file has no use for refused in place.
struct TreeReader {
    /// Each key that is there twice costs one more pass over the text.
    static let duplicateLimit = 20
    /// The deepest value of a stack file (`app.secrets.NAME.env`) is at 4.
    static let depthLimit = 8

    private var source: SourceText
    /// Keys that were marked because the same mapping holds them again, with the name that stands in the file.
    private var marked: [Position: String] = [:]

    /// The document, or nil where there is none; then `problems` says why.
    static func read(_ text: String, problems: inout Problems) -> Tree? {
        guard let source = SourceText(text, problems: &problems) else { return nil }
        var reader = TreeReader(source: source)
        return reader.read(problems: &problems)
    }

    private init(source: SourceText) { self.source = source }

    private mutating func read(problems: inout Problems) -> Tree? {
        while true {
            do {
                // Yams would guess the encoding from an environment variable. The basic resolver leaves types to us.
                let parser = try Parser(yaml: source.text, resolver: .basic, encoding: .utf8)
                guard let root = try parser.singleRoot() else { return nil }
                // The nodes hold their anchors weakly; the parser owns them.
                return withExtendedLifetime(parser) { tree(root, depth: 0, problems: &problems) }
            } catch YamlError.duplicatedKeysInMapping(_, let context) {
                let position = Position(context.mark)
                guard mark(keyAt: position) else {
                    for place in marked.keys + [position] {
                        problems.add("this key is in its map again further down; expected each key once", at: place)
                    }
                    return nil
                }
            } catch {
                let (message, position) = SyntaxProblem.describe(error, in: source.text)
                problems.add(source.restored(message), at: position)
                return nil
            }
        }
    }

    /// Makes the key at a position differ from its namesakes, so that the next pass gets further.
    private mutating func mark(keyAt position: Position) -> Bool {
        guard let mark = source.marks.popLast() else { return false }
        var scalars = source.text.unicodeScalars
        guard var index = SyntaxProblem.index(of: position, in: scalars), index < scalars.endIndex else { return false }
        let quote = scalars[index]
        if quote == "\"" || quote == "'" { index = scalars.index(after: index) }
        // Replacing what means something to YAML would change more than the name.
        guard index < scalars.endIndex, Self.isOfWord(scalars[index]) else { return false }
        if marked[position] == nil { marked[position] = String(scalars[index]) }
        scalars.replaceSubrange(index...index, with: CollectionOfOne(mark))
        source.text = String(scalars)
        return true
    }

    private static func isOfWord(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || scalar == "_"
    }

    private func tree(_ node: Node, depth: Int, problems: inout Problems) -> Tree {
        let position = node.mark.map(Position.init) ?? .start
        guard depth <= Self.depthLimit else {
            problems.add("nested too deeply; expected at most \(Self.depthLimit) levels", at: position)
            return Tree(content: .refused, position: position)
        }
        if let anchor = node.anchor {
            problems.add(
                "anchors are not allowed (found \("&\(anchor.rawValue)".quoted)); write the value out", at: position)
            return Tree(content: .refused, position: position)
        }
        // Resolved by the basic resolver: what has no tag of its own gets the one of its kind.
        let tag = node.tag.rawValue
        switch node {
        case .scalar(let scalar):
            return self.scalar(scalar, tag: tag, position: position, problems: &problems)
        case .sequence(let sequence):
            guard tag == Tag.Name.seq.rawValue else { return refuse(tag, at: position, problems: &problems) }
            let items = sequence.map { tree($0, depth: depth + 1, problems: &problems) }
            return Tree(content: .sequence(items), position: position)
        case .mapping(let mapping):
            guard tag == Tag.Name.map.rawValue else { return refuse(tag, at: position, problems: &problems) }
            return Tree(content: .mapping(entries(mapping, depth: depth, problems: &problems)), position: position)
        case .alias:
            problems.add("aliases are not allowed; write the value out", at: position)
            return Tree(content: .refused, position: position)
        }
    }

    private func scalar(
        _ scalar: Node.Scalar, tag: String, position: Position, problems: inout Problems
    ) -> Tree {
        let isPlain = scalar.style == .plain
        if isPlain, scalar.string.unicodeScalars.first == source.alias {
            problems.add(
                "aliases are not allowed (found \(source.restored(scalar.string).quoted)); write the value out, or put "
                    + "quotes around it if it is text",
                at: position)
            return Tree(content: .refused, position: position)
        }
        guard tag == Tag.Name.str.rawValue else { return refuse(tag, at: position, problems: &problems) }
        return Tree(content: .scalar(Scalar(source.restored(scalar.string), isPlain: isPlain)), position: position)
    }

    private func refuse(_ tag: String, at position: Position, problems: inout Problems) -> Tree {
        let standard = "tag:yaml.org,2002:"
        let short = tag.hasPrefix(standard) ? "!!" + tag.dropFirst(standard.count) : tag
        problems.add("tags are not allowed (found \(short.quoted)); write the value alone", at: position)
        return Tree(content: .refused, position: position)
    }

    private func entries(_ mapping: Node.Mapping, depth: Int, problems: inout Problems) -> [Tree.Entry] {
        var entries: [Tree.Entry] = []
        var lines: [String: Int] = [:]
        for (key, value) in mapping {
            let read = tree(key, depth: depth + 1, problems: &problems)
            var value = tree(value, depth: depth + 1, problems: &problems)
            guard case .scalar(let scalar) = read.content else {
                if case .refused = read.content { continue }
                problems.add("a key must be a word; found \(read.summary)", at: read.position)
                continue
            }
            var name = scalar.text
            if let first = marked[read.position] { name = first + String(name.unicodeScalars.dropFirst()) }
            if let line = lines[name] {
                problems.add("the key \(name.quoted) is here twice; first in line \(line)", at: read.position)
                continue
            }
            lines[name] = read.position.line
            // The place of what is not there is behind the next line break.
            if value.isNothing { value.position = read.position }
            entries.append(Tree.Entry(key: name, position: read.position, value: value))
        }
        return entries
    }
}

extension Position {
    init(_ mark: Mark) { self.init(line: max(1, mark.line), column: max(1, mark.column)) }
}
