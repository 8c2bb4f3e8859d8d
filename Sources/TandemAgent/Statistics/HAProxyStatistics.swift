import TandemTopology

/// Reads what HAProxy answers to `show stat`: comma-separated values under a line of names (management guide, 9.1).
enum HAProxyStatistics {
    static func parse(_ text: String) -> [TrafficCounters] {
        let rows = rows(text)
        // A section that is both (listen) counts each request twice; the second time is left out.
        let fronts = Set(rows.compactMap { $0["svname"] == "FRONTEND" ? $0["pxname"] : nil })
        return rows.compactMap { row in
            if row["svname"] == "BACKEND", let section = row["pxname"], fronts.contains(section) { return nil }
            return counters(row)
        }
    }

    /// The lines below the names; none where it is no such answer.
    static func rows(_ text: String) -> [Row] {
        var lines = text.split(separator: "\n")
        guard let first = lines.first, first.hasPrefix("# ") else { return [] }
        lines.removeFirst()
        let columns = Dictionary(
            first.dropFirst(2).split(separator: ",").enumerated().map { ($0.element, $0.offset) },
            uniquingKeysWith: { first, _ in first })
        return lines.map {
            Row(columns: columns, values: $0.split(separator: ",", omittingEmptySubsequences: false))
        }
    }

    /// A line, of whose hundred values a dozen are wanted.
    struct Row {
        fileprivate let columns: [Substring: Int]
        fileprivate let values: [Substring]

        /// nil: there is no such column, or nothing in it.
        subscript(name: Substring) -> Substring? {
            guard let place = columns[name], place < values.count, !values[place].isEmpty else { return nil }
            return values[place]
        }
    }

    private static func counters(_ row: Row) -> TrafficCounters? {
        guard let section = row["pxname"], let server = row["svname"] else { return nil }
        func number(_ name: Substring) -> Int? { row[name].flatMap { Int($0) } }
        let answers = ["1xx", "2xx", "3xx", "4xx", "5xx", "other"].compactMap { number("hrsp_\($0)") }
        // Older versions count no requests of servers, but their answers.
        let isHTTP = row["mode"] != "tcp"
        let requests = isHTTP ? number("req_tot") ?? answers.reduce(0, +) : number("stot") ?? 0
        let failed = (number("econ") ?? 0) + (number("eresp") ?? 0)
        let isWhole = server == "FRONTEND" || server == "BACKEND"
        return TrafficCounters(
            section: String(section), server: isWhole ? nil : String(server), requests: requests,
            errors: (number("hrsp_5xx") ?? 0) + (isWhole ? 0 : failed), connections: number("scur") ?? 0,
            responseMilliseconds: isHTTP ? number("rtime") : nil)
    }
}
