/// One line of `app: files`, as in .dockerignore: `*` and `?` stand for anything within one name, `**` for any number
/// of folders, a folder for all that is in it. One that begins with `!` leaves out what it names.
public struct FilePattern: Sendable, Hashable {
    public struct Problem: Error, CustomStringConvertible {
        public var description: String
    }

    /// As in the stack file.
    public let text: String
    public let leavesOut: Bool
    /// What stands between its slashes; empty: the whole folder.
    private let words: [[Unicode.Scalar]]

    static let mostBytes = 1000
    /// Of `**`: each one multiplies the ways to match by the depth of the path.
    static let mostDeep = 3
    /// The most of them that a stack has.
    static let most = 100
    private static let anyFolders: [Unicode.Scalar] = ["*", "*"]

    public init(parsing text: String) throws(Problem) {
        guard text.utf8.count <= Self.mostBytes else {
            throw Problem(description: "it has more than \(Self.mostBytes) bytes")
        }
        guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw Problem(description: "it holds a control character")
        }
        self.text = text
        leavesOut = text.hasPrefix("!")
        let path = leavesOut ? text.dropFirst() : text[...]
        guard !path.isEmpty else { throw Problem(description: "it names nothing") }
        guard !path.hasPrefix("/") else {
            throw Problem(description: "it begins with '/', and paths are relative to the folder here")
        }
        var words: [[Unicode.Scalar]] = []
        for part in path.split(separator: "/") where part != "." {
            guard part != ".." else { throw Problem(description: "it leads out of the folder") }
            let word = Array(part.unicodeScalars)
            // Twice in a row is as good as once.
            if word != Self.anyFolders || words.last != word { words.append(word) }
        }
        guard words.count(where: { $0 == Self.anyFolders }) <= Self.mostDeep else {
            throw Problem(description: "it has ** more than \(Self.mostDeep) times")
        }
        self.words = words
    }

    /// Which of some files these patterns take: of the patterns that name a file, the last one decides.
    /// - Parameter paths: of files, relative to the folder.
    /// - Returns: those files, and the patterns that should have taken some and name none.
    public static func select(
        _ patterns: [FilePattern], from paths: [String]
    ) -> (taken: [String], idle: [FilePattern]) {
        var used: Set<Int> = []
        let taken = paths.filter { path in
            let names = path.split(separator: "/").map { Array($0.unicodeScalars) }
            let naming = patterns.indices.filter { match(patterns[$0].words[...], names[...]) }
            used.formUnion(naming)
            return naming.last.map { !patterns[$0].leavesOut } ?? false
        }
        // What is to be left out need not be there.
        let idle = patterns.indices.filter { !used.contains($0) && !patterns[$0].leavesOut }
        return (taken, idle.map { patterns[$0] })
    }

    /// Whether a file in this folder, or further down, can be one that it takes: other folders need not be looked into.
    public func mayName(below folder: String) -> Bool {
        guard !leavesOut else { return false }
        for (word, name) in zip(words, folder.split(separator: "/")) {
            if word == Self.anyFolders { return true }
            guard Self.match(name: Array(name.unicodeScalars), word) else { return false }
        }
        return true
    }

    private static func match(_ words: ArraySlice<[Unicode.Scalar]>, _ names: ArraySlice<[Unicode.Scalar]>) -> Bool {
        // Names that are left lie in a folder that matches.
        guard let word = words.first else { return true }
        let rest = words.dropFirst()
        if word == anyFolders { return (0...names.count).contains { match(rest, names.dropFirst($0)) } }
        guard let name = names.first, match(name: name, word) else { return false }
        return match(rest, names.dropFirst())
    }

    /// One name, in time that grows with the product of both lengths at most.
    private static func match(name: [Unicode.Scalar], _ word: [Unicode.Scalar]) -> Bool {
        var (place, at) = (0, 0)
        var lastStar: (place: Int, at: Int)?
        while at < name.count {
            if place < word.count, word[place] == "*" {
                lastStar = (place, at)
                place += 1
            } else if place < word.count, word[place] == "?" || word[place] == name[at] {
                place += 1
                at += 1
            } else if let star = lastStar {
                // The star takes one more.
                lastStar = (star.place, star.at + 1)
                (place, at) = (star.place + 1, star.at + 1)
            } else {
                return false
            }
        }
        return word[place...].allSatisfy { $0 == "*" }
    }
}

extension FilePattern: Codable {
    public init(from decoder: any Decoder) throws {
        self = try FilePattern(parsing: decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
