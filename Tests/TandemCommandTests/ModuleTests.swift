import Foundation
import Testing

/// The page on the architecture draws the modules; Package.swift has them.
@Suite("Modules")
struct ModuleTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The targets below Sources, each with those among them that it builds upon.
    private static func declared() throws -> [String: Set<String>] {
        let text = try String(contentsOf: root.appending(path: "Package.swift"), encoding: .utf8)
        var chunks: [String: String] = [:]
        for chunk in text.split(separator: /\n        \.(target|executableTarget|systemLibrary|testTarget)\(/)
            .dropFirst()
        {
            guard let name = chunk.firstMatch(of: /^\s*name: "(\w+)"/)?.1, !chunk.contains("path: ") else { continue }
            chunks[String(name)] = String(chunk.replacing(/\.product\([^)]*\)/, with: ""))
        }
        chunks = chunks.filter { !$0.key.hasSuffix("Tests") }
        return chunks.reduce(into: [:]) { declared, chunk in
            let words = Set(chunk.value.matches(of: /"(\w+)"/).map { String($0.1) })
            declared[chunk.key] = words.intersection(chunks.keys).subtracting([chunk.key])
        }
    }

    /// As they are drawn.
    private static func drawn(_ names: Set<String>) throws -> [String: Set<String>] {
        let page = try String(contentsOf: root.appending(path: "docs/architecture.md"), encoding: .utf8)
        let section = page.components(separatedBy: "\n## ").first { $0.hasPrefix("Modules\n") } ?? ""
        var drawn: [String: Set<String>] = [:]
        var current = ""
        for line in section.split(separator: "\n") where line.hasPrefix("    ") {
            var words = line.matches(of: /[\w\/]+/).map { String($0.0) }
            if line.dropFirst(4).first != " ", !words.isEmpty {
                current = words.removeFirst()
                drawn[current] = []
            }
            drawn[current]?.formUnion(names.intersection(words))
        }
        return drawn
    }

    @Test("the page on the architecture draws every module with all that it builds upon")
    func diagram() throws {
        let declared = try Self.declared()
        let drawn = try Self.drawn(Set(declared.keys))
        #expect(declared.count > 15)
        for (name, dependencies) in declared where !name.hasPrefix("C") {
            #expect(drawn[name] == dependencies, "\(name)")
        }
    }
}
