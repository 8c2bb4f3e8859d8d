/// One failover as its clients felt it: each write a line from when it was sent to when it was answered, in the lane of
/// a client that was free.
struct FailoverPicture {
    let run: FailoverRun

    private static let width = 860.0
    private static let lane = 14.0
    /// Room for five rows of names.
    private static let top = 72.0
    private static let before = 250.0

    private var after: Double { max(750, ((run.longestPause?.end ?? 500) + 350).rounded()) }
    private var writes: [FailoverRun.Write] {
        run.around.filter { $0.began + $0.took > -Self.before && $0.began < after }
    }

    private func x(_ milliseconds: Double) -> Double {
        (min(max(milliseconds, -Self.before), after) + Self.before) / (Self.before + after) * Self.width
    }

    /// Which client sent a write is not in the ledger; each has one under way at most.
    private var lanes: [[FailoverRun.Write]] {
        var lanes: [[FailoverRun.Write]] = []
        for write in writes.sorted(by: { $0.began < $1.began }) {
            let free = lanes.firstIndex { lane in lane.last.map { $0.began + $0.took <= write.began + 1 } ?? true }
            if let free { lanes[free].append(write) } else { lanes.append([write]) }
        }
        return lanes
    }

    var svg: String {
        let lanes = lanes
        let bottom = Self.top + Double(lanes.count) * Self.lane
        let lines = lanes.enumerated().flatMap { place, writes in
            let y = text(Self.top + (Double(place) + 0.5) * Self.lane)
            return writes.map { write in
                let kind = write.outcome == "good" ? "good" : write.outcome == "unknown" ? "unknown" : "failed"
                return
                    "<line class=\"\(kind)\" x1=\"\(text(x(write.began)))\" x2=\"\(text(max(x(write.began + write.took), x(write.began) + 1)))\" y1=\"\(y)\" y2=\"\(y)\"/>"
            }
        }
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(Self.width)) \(Int(bottom + 24))" font-family="sans-serif" font-size="11">
            <style>line{stroke-width:5}.good{stroke:#2e8b57}.unknown{stroke:#e08a00}.failed{stroke:#c0392b}.mark{stroke:#444;stroke-width:1}.mark+text{fill:#222}text{fill:#555}</style>
            <rect width="100%" height="100%" fill="#fff"/>
            \(lines.joined(separator: "\n"))
            \(marks(bottom).joined(separator: "\n"))
            \(scale(bottom).joined(separator: "\n"))
            </svg>

            """
    }

    /// Each name stands in the first row in which nothing is in its way, so that those of moments near each other can
    /// be read.
    private func marks(_ bottom: Double) -> [String] {
        var moments: [(String, Double)] = [("the primary's mysqld is killed", 0)]
        if let detected = run.detected {
            moments.append(("detected", detected))
            for (name, time) in [("sealed", run.sealed), ("named by etcd", run.promoted), ("open", run.opened)] {
                if let time { moments.append((name, detected + time)) }
            }
        }
        if let end = run.longestPause?.end { moments.append(("the first write is acknowledged", end)) }
        var ends = [Double](repeating: -1, count: 5)
        return moments.map { moment in
            let at = text(x(moment.1))
            let label = "\(moment.0)\(moment.1 == 0 ? "" : " \(Int(moment.1)) ms")"
            let place = ends.firstIndex { $0 < x(moment.1) } ?? 0
            ends[place] = x(moment.1) + 10 + Double(label.count) * 6
            let row = 12.0 + Double(place) * 13
            return
                "<line class=\"mark\" x1=\"\(at)\" x2=\"\(at)\" y1=\"\(text(row))\" y2=\"\(text(bottom))\"/><text x=\"\(text(x(moment.1) + 3))\" y=\"\(text(row))\">\(label)</text>"
        }
    }

    private func scale(_ bottom: Double) -> [String] {
        let step = after > 3_000 ? 1_000.0 : 250.0
        return stride(from: 0.0, through: after - step / 2, by: step).map { time in
            "<text x=\"\(text(x(time)))\" y=\"\(text(bottom + 16))\" text-anchor=\"middle\">\(Int(time)) ms</text>"
        }
    }

    private func text(_ value: Double) -> String { value.rounded(1) }
}
