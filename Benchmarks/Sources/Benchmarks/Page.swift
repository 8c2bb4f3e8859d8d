import Foundation

/// docs/benchmarks.md has a part for each kind of measurement, between lines that name it; a run replaces its own and keeps the others.
enum Page {
    static let parts = ["stack", "failover", "patroni", "mysql"]
    private static let title = "# Benchmarks"

    static func replace(_ part: String, with text: String, in path: String) throws {
        let old = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        let page = parts.compactMap { name -> String? in
            let content = name == part ? text : content(of: name, in: old)
            return content.map { "\(begin(name))\n\n\($0)\n\n\(end(name))" }
        }
        try ([title] + page).joined(separator: "\n\n").appending("\n").write(
            toFile: path, atomically: true, encoding: .utf8)
    }

    private static func content(of part: String, in page: String) -> String? {
        guard let start = page.range(of: begin(part)), let stop = page.range(of: end(part)),
            start.upperBound < stop.lowerBound
        else { return nil }
        return page[start.upperBound..<stop.lowerBound].trimmingCharacters(in: .newlines)
    }

    private static func begin(_ part: String) -> String { "<!-- begin: \(part) -->" }
    private static func end(_ part: String) -> String { "<!-- end: \(part) -->" }
}
