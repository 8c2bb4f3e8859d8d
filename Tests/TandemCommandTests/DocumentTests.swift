import Foundation
import TandemStack
import Testing

@testable import TandemOperator
@testable import tandem

/// The repository's own pages.
@Suite("Documentation")
struct DocumentTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    private static func text(_ path: String) throws -> String {
        try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8)
    }

    /// Every page, as a path below the root.
    private static var pages: [String] {
        get throws {
            var found: [String] = []
            for folder in ["", "docs", "Sources", "Examples"] {
                let base = folder.isEmpty ? root : "\(root)/\(folder)"
                let names =
                    folder.isEmpty
                    ? try FileManager.default.contentsOfDirectory(atPath: base)
                    : FileManager.default.subpaths(atPath: base) ?? []
                found += names.filter { $0.hasSuffix(".md") }.map { folder.isEmpty ? $0 : "\(folder)/\($0)" }
            }
            return found.sorted()
        }
    }

    @Test("the stack file's page on record is the one that the schema makes")
    func stackFile() throws {
        let file = "\(Self.root)/docs/stack-file.md"
        if ProcessInfo.processInfo.environment["RECORD_GOLDEN"] != nil {
            try Reference.page.write(toFile: file, atomically: true, encoding: .utf8)
        }
        #expect(
            try Self.text("docs/stack-file.md") == Reference.page,
            "docs/stack-file.md is old; write it anew with: RECORD_GOLDEN=1 swift test --filter DocumentTests")
    }

    @Test("every link leads to a file that is there, and to a heading in it")
    func links() throws {
        let pages = try Self.pages
        #expect(pages.contains("README.md") && pages.contains("docs/README.md"))
        for page in pages {
            let text = try Self.text(page)
            for match in text.matches(of: /\]\(([^)\s]+)\)/) {
                let target = String(match.1)
                if target.hasPrefix("http://") || target.hasPrefix("https://") { continue }
                let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(
                    String.init)
                let folder = (page as NSString).deletingLastPathComponent
                let file = parts[0].isEmpty ? page : (("\(folder)/\(parts[0])" as NSString).standardizingPath)
                let path = "\(Self.root)/\(file)"
                #expect(FileManager.default.fileExists(atPath: path), "\(page): \(target)")
                guard parts.count == 2, file.hasSuffix(".md") else { continue }
                #expect(try Self.anchors(Self.text(file)).contains(parts[1]), "\(page): \(target)")
            }
            for match in text.matches(of: /<doc:([A-Za-z]+)>/) {
                let file = "\((page as NSString).deletingLastPathComponent)/\(match.1).md"
                #expect(FileManager.default.fileExists(atPath: "\(Self.root)/\(file)"), "\(page): \(match.1)")
            }
        }
    }

    /// As GitHub and its kin make them of headings.
    private static func anchors(_ text: String) -> Set<String> {
        var anchors: Set<String> = []
        for line in text.split(separator: "\n") where line.hasPrefix("#") {
            let heading = line.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces).lowercased()
            let kept = heading.filter { $0.isLetter || $0.isNumber || " -_".contains($0) }
            anchors.insert(kept.replacing(" ", with: "-"))
        }
        return anchors
    }

    @Test("every command and option that a page shows is there")
    func commands() throws {
        let root = try CommandDescription.of(Tandem.self)
        var count = 0
        for page in try Self.pages where page != "CHANGELOG.md" {
            for line in try Self.commandLines(Self.text(page)) {
                count += 1
                check(line, root, page)
            }
        }
        #expect(count > 100, "so few command lines mean that they are not found any more")
    }

    private func check(_ line: [String], _ root: CommandDescription, _ page: String) {
        var command = root
        var words = line[...]
        while let word = words.first, let sub = command.shownSubcommands.first(where: { $0.commandName == word }) {
            command = sub
            words = words.dropFirst()
        }
        let shown = "\(page): tandem \(line.joined(separator: " "))"
        if let first = line.first, first.first?.isLowercase == true {
            #expect(command.commandName != root.commandName, "\(shown)")
        }
        let options = Set((command.shownArguments + root.shownArguments).flatMap { $0.names ?? [] }.map(\.text))
        for word in words.prefix(while: { $0 != "--" }) where word.hasPrefix("-") {
            let name = String(word.prefix { $0 != "=" }).trimmingCharacters(
                in: .punctuationCharacters.subtracting(["-"]))
            #expect(options.union(["--help", "-h", "--version"]).contains(name), "\(shown): \(name)")
        }
    }

    /// The words after `tandem` on lines of code and in code within lines.
    private static func commandLines(_ text: String) -> [[String]] {
        var lines = text.matches(of: /`([^`\n]+)`/).map { String($0.1) }
        lines += text.split(separator: "\n").filter { $0.hasPrefix("    ") }.map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        return lines.filter { !$0.contains("──►") }.flatMap { line in
            line.split(separator: /[;&|#]|\$\(/).compactMap { part -> [String]? in
                let words = part.split(whereSeparator: { " ()[]\"".contains($0) }).map(String.init)
                    .drop { $0 == "$" || $0 == "sudo" }
                guard let first = words.first, ["tandem", "bin/tandem", "./bin/tandem"].contains(first) else {
                    return nil
                }
                let rest = Array(words.dropFirst())
                return rest.isEmpty || rest[0].hasPrefix("(") ? nil : rest
            }
        }
    }
}
