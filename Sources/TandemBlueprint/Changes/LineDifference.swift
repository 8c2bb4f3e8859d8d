/// The lines that lie between two texts.
struct LineDifference {
    private enum Line {
        case same(String)
        case removed(String)
        case added(String)

        var text: String {
            switch self {
            case .same(let text): " \(text)"
            case .removed(let text): "-\(text)"
            case .added(let text): "+\(text)"
            }
        }

        var isSame: Bool { if case .same = self { true } else { false } }
    }

    private let lines: [Line]

    init(from old: String, to new: String) {
        let before = Self.split(old)
        let after = Self.split(new)
        let difference = after.difference(from: before)
        var removed: Set<Int> = []
        var added: Set<Int> = []
        for change in difference {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): added.insert(offset)
            }
        }
        var lines: [Line] = []
        var (left, right) = (0, 0)
        while left < before.count || right < after.count {
            if removed.contains(left) {
                lines.append(.removed(before[left]))
                left += 1
            } else if added.contains(right) {
                lines.append(.added(after[right]))
                right += 1
            } else {
                lines.append(.same(before[left]))
                left += 1
                right += 1
            }
        }
        self.lines = lines
    }

    private static func split(_ text: String) -> [String] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        return lines.last == "" ? lines.dropLast() : lines
    }

    /// As `diff -u` prints it, without the two lines of its header; empty where nothing differs.
    func unified(context: Int = 3) -> String {
        let changed = lines.indices.filter { !lines[$0].isSame }
        guard let first = changed.first else { return "" }
        var hunks: [ClosedRange<Int>] = [first...first]
        for index in changed.dropFirst() {
            let last = hunks[hunks.count - 1]
            if index - last.upperBound <= 2 * context + 1 {
                hunks[hunks.count - 1] = last.lowerBound...index
            } else {
                hunks.append(index...index)
            }
        }
        return hunks.map { hunk in
            let range = max(0, hunk.lowerBound - context)...min(lines.count - 1, hunk.upperBound + context)
            return header(range) + "\n" + lines[range].map(\.text).joined(separator: "\n") + "\n"
        }.joined()
    }

    /// Such as `@@ -3,7 +3,8 @@`.
    private func header(_ range: ClosedRange<Int>) -> String {
        func side(_ keeps: (Line) -> Bool) -> String {
            let before = lines[..<range.lowerBound].count { keeps($0) }
            let inside = lines[range].count { keeps($0) }
            let start = inside == 0 ? before : before + 1
            return inside == 1 ? "\(start)" : "\(start),\(inside)"
        }
        let old = side { if case .added = $0 { false } else { true } }
        let new = side { if case .removed = $0 { false } else { true } }
        return "@@ -\(old) +\(new) @@"
    }
}
