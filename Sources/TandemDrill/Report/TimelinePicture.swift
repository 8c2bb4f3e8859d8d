/// Requests by the moment they ended, one bar for each tenth of a second, with what happened drawn over them.
struct TimelinePicture {
    let run: DrillReport.Run

    private static let width = 720.0
    private static let height = 110.0
    private static let top = 30.0
    /// Names of what happened that are nearer to each other than this go below each other.
    private static let labelWidth = 90.0

    private var span: Double { Double(max(1, run.timeline.bins.count * run.timeline.binMilliseconds)) }
    private var tallest: Int { max(1, run.timeline.bins.map(all).max() ?? 1) }

    private func all(_ bin: Timeline.Bin) -> Int { bin.answered + bin.retried + bin.failed + bin.unknown }
    private func x(_ milliseconds: Double) -> Double { milliseconds / span * Self.width }

    var svg: String {
        let total = Self.top + Self.height + 20
        return """
            <svg viewBox="0 0 \(Int(Self.width)) \(Int(total))" role="img" aria-label="\(label)">
            \(away)\(bars)<line class="axis" x1="0" x2="\(Int(Self.width))" y1="\(base)" y2="\(base)"/>
            \(marks)\(scale)</svg>
            """
    }

    private var base: String { Self.short(Self.top + Self.height) }

    private var label: String {
        let bins = run.timeline.bins
        return "Requests by time: \(bins.map(\.answered).reduce(0, +)) answered, "
            + "\(bins.map(\.retried).reduce(0, +)) on the second try, \(bins.map(\.failed).reduce(0, +)) failed, "
            + "\(bins.map(\.unknown).reduce(0, +)) unknown"
    }

    /// From the fault until all ran again.
    private var away: String {
        guard let struck = run.struckAtMilliseconds else { return "" }
        let end = run.recoveryMilliseconds.map { Double(struck + $0) } ?? span
        return "<rect class=\"down\" x=\"\(Self.short(x(Double(struck))))\" y=\"\(Self.short(Self.top))\" "
            + "width=\"\(Self.short(max(0, x(end) - x(Double(struck)))))\" height=\"\(Self.short(Self.height))\"/>"
    }

    private var bars: String {
        let step = Double(run.timeline.binMilliseconds)
        return run.timeline.bins.enumerated().map { place, bin -> String in
            var bottom = Self.top + Self.height
            let parts = [
                ("answered", bin.answered), ("retried", bin.retried), ("unknown", bin.unknown), ("failed", bin.failed),
            ]
            return parts.filter { $0.1 > 0 }.map { kind, count in
                let tall = Double(count) / Double(tallest) * Self.height
                bottom -= tall
                return
                    "<rect class=\"\(kind)\" x=\"\(Self.short(x(Double(place) * step)))\" y=\"\(Self.short(bottom))\" "
                    + "width=\"\(Self.short(max(0.4, x(step) - 0.5)))\" height=\"\(Self.short(tall))\"/>"
            }.joined()
        }.joined()
    }

    private var marks: String {
        var ends = [-Self.labelWidth, -Self.labelWidth]
        return run.marks.map { mark in
            let place = x(Double(mark.atMilliseconds))
            let line =
                "<line class=\"\(mark.text == "struck" ? "struck" : "mark")\" x1=\"\(Self.short(place))\" "
                + "x2=\"\(Self.short(place))\" y1=\"\(Self.short(Self.top - 2))\" y2=\"\(base)\"/>"
            guard let row = ends.firstIndex(where: { place - $0 > 0 }) else { return line }
            ends[row] = place + Double(mark.text.count) * 6 + 8
            let isLate = place > Self.width - Self.labelWidth
            return line
                + "<text x=\"\(Self.short(place + (isLate ? -3 : 3)))\" y=\"\(row == 0 ? 24 : 11)\" "
                + "text-anchor=\"\(isLate ? "end" : "start")\">\(JUnit.escaped(mark.text))</text>"
        }.joined()
    }

    private var scale: String {
        let seconds = span / 1000
        let step = [1.0, 2, 5, 10, 20, 60].first { seconds / $0 <= 9 } ?? 120
        // What the last bar's height means stands at the end.
        let labels = stride(from: step, to: seconds * 0.87, by: step).map { time in
            let place = Self.short(x(time * 1000))
            return
                "<text x=\"\(place)\" y=\"\(Self.short(Self.top + Self.height + 14))\" text-anchor=\"middle\">\(Int(time)) s</text>"
        }
        let most =
            "<text x=\"\(Int(Self.width))\" y=\"\(Self.short(Self.top + Self.height + 14))\" text-anchor=\"end\">"
            + "\(tallest) in \(Wording.seconds(run.timeline.binMilliseconds))</text>"
        return labels.joined() + most
    }

    /// One decimal place.
    static func short(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        let sign = tenths < 0 ? "-" : ""
        return tenths.isMultiple(of: 10)
            ? "\(tenths / 10)" : "\(sign)\(tenths.magnitude / 10).\(tenths.magnitude % 10)"
    }
}
