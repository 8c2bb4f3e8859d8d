import Foundation
import TandemOperator
import TandemStack
import TandemTopology

/// The stack drawn in the terminal: balancers in front, the servers behind them, what each runs and how it does.
struct StatusPicture {
    let status: StackStatus
    let now: Date
    /// Width of the terminal.
    let columns: Int
    let style: Style

    /// Two boxes side by side fit into 80 columns.
    private var boxWidth: Int { columns < 2 * 42 + 2 ? 39 : 42 }
    private static let mostReasonLines = 6

    var text: String {
        let fronts = status.hosts.filter { $0.roles.areOfBalancerOnly }
        let others = status.hosts.filter { !$0.roles.areOfBalancerOnly }
        var parts = [headline]
        if !fronts.isEmpty {
            parts.append(connector("users", into: fronts.count))
            parts.append(row(fronts))
            parts.append(connector("HTTPS, each request to the next server", into: others.count))
        } else {
            parts.append(connector("users", into: others.count))
        }
        parts.append(row(others))
        if let database = status.database { parts.append(databaseLine(database)) }
        if let jobs = status.jobs, status.state != .stopped {
            parts += jobs.map { JobLine(job: $0, now: now).text(style) }
        }
        if status.isKeeperGone {
            parts.append(style.yellow(StatusWords.keeperIsGone))
            parts.append(style.yellow("If it stays away: \(StatusWords.keeperRemedy)"))
        }
        parts += StatusWords(status: status).strangeAnswers.flatMap {
            [style.yellow($0.text), style.yellow("What listens there: \($0.remedy)")]
        }
        parts += status.hosts.flatMap(reasons)
        return parts.joined(separator: "\n") + "\n"
    }

    private var headline: String {
        let state =
            switch status.state {
            case .up: style.green("up")
            case .starting: style.yellow("starting")
            case .degraded: style.red("degraded")
            case .stopped: style.dim("stopped")
            }
        return "\(style.bold(status.stack))  \(state)  \(status.url)"
    }

    /// An arrow that spreads to as many boxes as stand below it.
    private func connector(_ label: String, into count: Int) -> String {
        let perRow = boxesPerRow
        let shown = min(count, perRow)
        let centers = (0..<shown).map { $0 * (boxWidth + 2) + boxWidth / 2 }
        guard let first = centers.first, let last = centers.last else { return "" }
        let middle = (first + last) / 2
        let top = spaces(middle) + "│ " + style.dim(label)
        guard shown > 1 else { return top + "\n" + spaces(middle) + "▼" }
        var line = Array(repeating: Character(" "), count: last + 1)
        for column in first...last { line[column] = "─" }
        line[first] = "┌"
        line[last] = "┐"
        for column in centers.dropFirst().dropLast() { line[column] = "┬" }
        line[middle] = line[middle] == "┬" ? "┼" : "┴"
        var heads = Array(repeating: Character(" "), count: last + 1)
        for column in centers { heads[column] = "▼" }
        return [top, String(line), String(heads)].joined(separator: "\n")
    }

    private var boxesPerRow: Int { max(1, (columns + 2) / (boxWidth + 2)) }

    /// Boxes side by side, as many as fit.
    private func row(_ hosts: [StackStatus.HostState]) -> String {
        stride(from: 0, to: hosts.count, by: boxesPerRow).map { start in
            let boxes = hosts[start..<min(start + boxesPerRow, hosts.count)].map(box)
            let height = boxes.map(\.count).max() ?? 0
            return (0..<height).map { line in
                boxes.map { $0.count > line ? $0[line] : spaces(boxWidth) }.joined(separator: "  ")
            }.joined(separator: "\n")
        }.joined(separator: "\n")
    }

    private func box(_ host: StackStatus.HostState) -> [String] {
        let inner = boxWidth - 2
        let address = " \(host.address) "
        let title = " \(clipped(host.name, inner - address.count - 5)) "
        let fill = String(repeating: "─", count: max(1, inner - 2 - title.count - address.count))
        var lines = ["┌─" + style.bold(title) + fill + style.dim(address) + "─┐"]
        if status.state == .stopped {
            lines.append(framed("○ not running", style.dim))
        } else if host.agent.state == .down {
            lines.append(framed("✗ agent does not answer", style.red))
        }
        for service in host.services.inRequestOrder {
            lines += rows(service, host).map { framed($0, color(service.state)) }
        }
        if host.services.isEmpty, host.agent.state == .up { lines.append(framed("no services", style.dim)) }
        lines.append("└" + String(repeating: "─", count: inner) + "┘")
        return lines
    }

    private func framed(_ text: String, _ paint: (String) -> String) -> String {
        let inner = boxWidth - 4
        let whole = StepPrinter.padded(clipped(text, inner), inner)
        // Only the mark is coloured.
        return "│ " + paint(String(whole.prefix(1))) + whole.dropFirst() + " │"
    }

    /// One line; what does not fit beside the rest of its note stands below it.
    private func rows(_ service: ServiceStatus, _ host: StackStatus.HostState) -> [String] {
        let whole = line(service, host)
        let restarts = ", \(restarts(service))"
        guard whole.count > boxWidth - 4, whole.hasSuffix(restarts) else { return [whole] }
        return [
            String(whole.dropLast(restarts.count)),
            spaces(whole.count - note(service, host).count) + restarts.dropFirst(2),
        ]
    }

    private func restarts(_ service: ServiceStatus) -> String {
        service.restarts > 0 ? "restarts: \(service.restarts)" : ""
    }

    private func line(_ service: ServiceStatus, _ host: StackStatus.HostState) -> String {
        let mark =
            switch service.state {
            case .running: "●"
            case .starting: "◌"
            case .failed: "✗"
            case .stopped, .waiting: "○"
            }
        let state = service.state == .running ? age(service) : service.state.rawValue
        return "\(mark) \(StepPrinter.padded(service.name, 7)) \(StepPrinter.padded(state, 8)) \(note(service, host))"
    }

    private func note(_ service: ServiceStatus, _ host: StackStatus.HostState) -> String {
        if [.starting, .waiting].contains(service.state),
            let reason = service.detail?.split(whereSeparator: \.isNewline).first
        {
            return Terminal.printable(String(reason))
        }
        let restarts = restarts(service)
        guard service.name == "mysql", let database = status.database else { return restarts }
        if database.primary == host.name { return "primary" + (restarts.isEmpty ? "" : ", \(restarts)") }
        guard let replica = database.replicas.first(where: { $0.host == host.name }) else { return "" }
        let lag = replica.lagSeconds.map { " lag \($0) s" } ?? ""
        // That it starts is said of its service already.
        return [.streaming, .starting].contains(replica.state) ? "replica\(lag)" : replica.state.rawValue
    }

    private func databaseLine(_ database: StackStatus.DatabaseState) -> String {
        let sentence = StatusWords(status: status).sentence(of: database)
        return sentence.isWorry ? style.yellow(sentence.text) : style.dim(sentence.text)
    }

    /// Why services of a host have failed: what the boxes have no room for.
    private func reasons(_ host: StackStatus.HostState) -> [String] {
        host.services.filter { $0.state == .failed }.map { service in
            let lines = (service.detail ?? "").split(whereSeparator: \.isNewline)
            let shown = lines.prefix(Self.mostReasonLines).map {
                "\n    " + clipped(Terminal.printable(String($0)), max(20, columns - 4))
            }
            return style.red("✗ \(service.name) on \(host.name) failed") + shown.joined()
        }
    }

    private func color(_ state: ServiceStatus.State) -> (String) -> String {
        switch state {
        case .running: style.green
        case .starting: style.yellow
        case .failed: style.red
        case .stopped, .waiting: style.dim
        }
    }

    /// Such as `12 s`, `3 min`, `2 h`, `5 d`.
    private func age(_ service: ServiceStatus) -> String {
        guard let since = try? Date(service.since, strategy: .iso8601) else { return "" }
        return Age.text(max(0, Int(now.timeIntervalSince(since))))
    }

    private func clipped(_ text: String, _ width: Int) -> String {
        text.count <= width ? text : text.prefix(max(0, width - 1)) + "…"
    }

    private func spaces(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }
}
