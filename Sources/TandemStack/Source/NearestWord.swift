/// Finds what the user may have meant.
public enum NearestWord {
    /// The candidate that the fewest slips of the keyboard turn into the word; nil where none is near.
    public static func find(_ word: String, among candidates: [String]) -> String? {
        let lengthLimit = 64
        let word = Array(normalised(word).unicodeScalars)
        guard !word.isEmpty, word.count <= lengthLimit else { return nil }
        var best: (candidate: String, distance: Int)?
        for candidate in candidates {
            let letters = Array(normalised(candidate).unicodeScalars)
            let limit = max(1, (max(word.count, letters.count) + 1) / 3)
            let distance = distance(word, letters)
            // A word of which not one letter is kept is a different word.
            guard distance <= limit, distance < max(word.count, letters.count) else { continue }
            if distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.candidate
    }

    private static func normalised(_ word: String) -> String {
        String(word.lowercased().map { $0 == "-" || $0 == " " ? "_" : $0 })
    }

    /// Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment).
    private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        if left.isEmpty || right.isEmpty { return max(left.count, right.count) }
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for row in 1...left.count {
            var current = [row]
            for column in 1...right.count {
                let cost = left[row - 1] == right[column - 1] ? 0 : 1
                var value = min(last[column] + 1, current[column - 1] + 1, last[column - 1] + cost)
                if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
                    value = min(value, beforeLast[column - 2] + 1)
                }
                current.append(value)
            }
            (beforeLast, last) = (last, current)
        }
        return last[right.count]
    }
}
