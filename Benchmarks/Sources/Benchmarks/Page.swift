import Foundation

/// docs/benchmarks.md has a part for each kind of measurement, between lines that name it; a run replaces its own and
/// keeps all else.
enum Page {
    static let parts = ["stack", "monitoring", "failover", "patroni", "mysql"]
    private static let title = "# Benchmarks"

    static func replace(_ part: String, with text: String, in path: String) throws {
        var page = (try? String(contentsOfFile: path, encoding: .utf8)) ?? "\(title)\n"
        let content = "\(begin(part))\n\n\(text)\n\n\(end(part))"
        let later = parts.drop { $0 != part }.dropFirst()
        if let start = page.range(of: begin(part)), let stop = page.range(of: end(part)),
            start.upperBound < stop.lowerBound
        {
            page.replaceSubrange(start.lowerBound..<stop.upperBound, with: content)
        } else if let next = later.compactMap({ page.range(of: begin($0)) }).first {
            page.insert(contentsOf: "\(content)\n\n", at: next.lowerBound)
        } else {
            page += "\n\(content)\n"
        }
        try page.write(toFile: path, atomically: true, encoding: .utf8)
    }

    private static func begin(_ part: String) -> String { "<!-- begin: \(part) -->" }
    private static func end(_ part: String) -> String { "<!-- end: \(part) -->" }
}
