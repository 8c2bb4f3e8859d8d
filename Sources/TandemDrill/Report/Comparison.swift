/// Whether a drill was slower than an earlier one by more than the earlier one's own spread explains.
public enum Comparison {
    /// Beyond the slowest of the earlier runs: a quarter, and half a second, before it counts.
    static let share = 0.25
    static let leastMilliseconds = 500

    /// Compares the best of the new runs of a fault with the worst of the earlier ones.
    /// - Returns: a sentence for each that is slower.
    public static func slower(_ new: DrillReport, than old: DrillReport) -> [String] {
        new.faults.flatMap { fault -> [String] in
            guard let last = old.faults.first(where: { $0.name == fault.name }) else { return [] }
            let measures: [(String, (DrillReport.Run) -> Int?)] = [
                ("the longest pause of reads", { $0.longestReadPauseMilliseconds }),
                ("the longest pause of writes", { $0.longestWritePauseMilliseconds }),
                ("the time until all ran again", { $0.settlingMilliseconds }),
            ]
            return measures.compactMap { what, value in
                let now = fault.runs.filter { $0.notTested == nil }.compactMap(value)
                let before = last.runs.filter { $0.notTested == nil }.compactMap(value)
                guard let best = now.min(), let worst = before.max() else { return nil }
                let bound = worst + max(leastMilliseconds, Int(Double(worst) * share))
                guard best > bound else { return nil }
                return "\(fault.name): \(what) is \(Wording.seconds(best)); it was at most \(Wording.seconds(worst))"
            }
        }
    }
}
