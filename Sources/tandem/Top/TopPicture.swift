import TandemOperator

/// `tandem top` as a table of 80 columns, or more where a worker's name is long.
struct TopPicture {
    var report: TopReport
    var style: Style

    /// A worker's name may be longer than a service's.
    private var widths:
        (host: Int, service: Int, requests: Int, errors: Int, response: Int, open: Int, cpu: Int, memory: Int)
    {
        let service = report.lines.filter { $0.host != nil }.map { $0.service.count + 1 }.max() ?? 0
        return (10, max(8, service), 11, 9, 9, 6, 6, 8)
    }
    private static let longestHost = 9

    var text: String {
        var lines = [headline, "", header]
        var lastHost: String?
        for line in report.lines {
            lines.append(row(line, showsHost: line.host != lastHost))
            lastHost = line.host
        }
        if report.state == .stopped { lines.append(style.dim("not running; start it with: tandem up")) }
        return lines.joined(separator: "\n") + "\n"
    }

    private var headline: String {
        let state =
            switch report.state {
            case .up: style.green("up")
            case .starting: style.yellow("starting")
            case .degraded: style.red("degraded")
            case .stopped: style.dim("stopped")
            }
        return "\(style.bold(report.stack))  \(state)  \(report.url)"
    }

    private var header: String {
        let widths = widths
        let cells = [
            StepPrinter.padded("", widths.host + widths.service), right("requests/s", widths.requests),
            right("errors/s", widths.errors), right("response", widths.response), right("open", widths.open),
            right("cpu", widths.cpu), right("memory", widths.memory),
        ]
        return style.dim(cells.joined())
    }

    private func row(_ line: TopReport.Line, showsHost: Bool) -> String {
        let widths = widths
        // The front is all balancers together.
        let host = line.host.map { showsHost ? clipped($0) : "" } ?? line.service
        let service = line.host == nil ? "" : line.service
        let errors = right(line.errorsPerSecond.map(rate), widths.errors)
        let cells = [
            StepPrinter.padded(host, widths.host), StepPrinter.padded(service, widths.service),
            right(line.requestsPerSecond.map(rate), widths.requests),
            (line.errorsPerSecond ?? 0) > 0 ? style.red(errors) : errors,
            right(line.responseMilliseconds.map { "\($0) ms" }, widths.response),
            right(line.connections.map { "\($0)" }, widths.open),
            right(line.cpuPercent.map { "\(Int($0.rounded())) %" }, widths.cpu),
            right(line.memoryBytes.map { "\($0 >> 20) MB" }, widths.memory), note(line),
        ]
        return cells.joined()
    }

    private func note(_ line: TopReport.Line) -> String {
        guard let role = line.role else { return "" }
        return "  " + role + (line.lagSeconds.map { $0 > 0 ? style.yellow(" \($0) s") : " \($0) s" } ?? "")
    }

    private func clipped(_ host: String) -> String {
        host.count <= Self.longestHost ? host : host.prefix(Self.longestHost - 1) + "…"
    }

    private func right(_ text: String?, _ width: Int) -> String {
        let text = text ?? "·"
        return String(repeating: " ", count: max(1, width - text.count)) + text
    }

    /// One decimal below ten, none above.
    private func rate(_ value: Double) -> String {
        // A sum of what many agents say may be beyond what fits.
        let tenths = Int((min(value, 1e15) * 10).rounded())
        return tenths < 100 ? "\(tenths / 10).\(tenths % 10)" : "\((tenths + 5) / 10)"
    }
}
