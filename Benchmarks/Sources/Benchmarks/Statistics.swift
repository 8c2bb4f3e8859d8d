import Foundation

extension [Double] {
    var median: Double {
        let sorted = sorted()
        guard !sorted.isEmpty else { return .nan }
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    /// Median, and in brackets the least and the most.
    func summary(digits: Int) -> String {
        "\(median.rounded(digits)) (\((self.min() ?? .nan).rounded(digits))–\((self.max() ?? .nan).rounded(digits)))"
    }
}

extension Double {
    func rounded(_ digits: Int) -> String {
        // Thousands in groups, as people read them.
        guard digits == 0, magnitude >= 1000 else { return String(format: "%.\(digits)f", self) }
        return Int(self.rounded()).formatted(.number.locale(Locale(identifier: "en")))
    }
}
