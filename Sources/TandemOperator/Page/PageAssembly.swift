import Foundation
import TandemAgent
import TandemStack
import TandemTopology

/// What one host's agent said last, and when.
struct HostWord: Sendable {
    var status: HostStatus?
    var topology: Topology?
    var failover: FailoverStatus?
    var statistics: HostStatistics?
    /// Before these.
    var lastStatistics: HostStatistics?
    /// When the statistics came.
    var countedAt: ContinuousClock.Instant?
    var events: [HostEvent] = []
    /// When it told its status, on a clock that never jumps; nil: never.
    var answeredAt: ContinuousClock.Instant?
}

/// Puts together what the page shows, from what the agents said. Pure.
struct PageAssembly {
    /// An agent that has been silent for longer is taken for silent, and what it said last for old. Where one answer is
    /// lost, the question is given up after 2 s, and the page is told 3.25 s after the answer before.
    static let patience = Duration.milliseconds(3500)
    private static let mostEvents = 100

    var applied: AppliedStack
    var keeping: StackKeeping
    var words: [String: HostWord]
    /// The newest first.
    var changes: [FailoverChange]
    var hour: PageHour
    var now: ContinuousClock.Instant
    var at: Date

    var state: PageState {
        let status = StackStatus(
            applied: applied, keeping: keeping, answers: fresh.compactMapValues(\.status), topology: topology)
        let report = TopReport(
            from: sample(status, \.lastStatistics), to: sample(status, \.statistics))
        let silent = status.state == .stopped ? [] : self.silent
        let why = self.why
        let concerns = Concern.all(status: status, failover: why, silent: silent)
        return PageState(
            at: at, status: status, lines: report.lines, flows: flows(status), concerns: concerns, failover: why,
            summary: summary(status, why, concerns), silent: silent, events: events,
            points: hour.points(after: hour.news))
    }

    // MARK: - What agents said

    private var fresh: [String: HostWord] { words.filter { isFresh($0.value.answeredAt) } }

    private func isFresh(_ time: ContinuousClock.Instant?) -> Bool { time.map { now - $0 <= Self.patience } ?? false }

    private func age(_ word: HostWord) -> Duration? { word.answeredAt.map { now - $0 } }

    private var silent: [PageState.Silence] {
        applied.stack.hosts.filter { fresh[$0.name] == nil }.map { host in
            PageState.Silence(
                host: host.name, seconds: words[host.name].flatMap(age).map { Int($0.components.seconds) })
        }
    }

    /// Of the database hosts, which know best, and else of any other.
    private var topology: Topology? {
        for isDatabase in [true, false] {
            let answers = applied.stack.hosts.filter { $0.has(.database) == isDatabase }.compactMap { host in
                fresh[host.name]?.topology.map { (host: host.name, topology: $0) }
            }
            if let believed = Topology.believed(answers) { return believed }
        }
        return nil
    }

    private var why: WhyReport? {
        let answers = FailoverSession.hosts(of: applied.stack).compactMap { host in
            fresh[host.name]?.failover.map { (host: host, status: $0) }
        }
        return answers.isEmpty ? nil : WhyReport(FailoverSession.ranked(answers).map(\.status))
    }

    private func sample(_ status: StackStatus, _ statistics: KeyPath<HostWord, HostStatistics?>) -> TopSample {
        // An agent may answer, and be unable to count: figures of earlier are none of now.
        let counted = fresh.filter { isFresh($0.value.countedAt) }
        return TopSample(status: status, statistics: counted.compactMapValues { $0[keyPath: statistics] }, at: at)
    }

    // MARK: - Parts

    private func flows(_ status: StackStatus) -> [PageState.Flow] {
        let changes = TopChanges(first: sample(status, \.lastStatistics), second: sample(status, \.statistics))
        return status.hosts.flatMap { from in
            status.hosts.flatMap { to in
                [(PageState.Flow.Kind.web, \HostStatistics.balancer), (.write, \.router), (.read, \.router)].compactMap
                {
                    kind, counters in
                    let sections = kind == .web ? TrafficCounters.webSections : [kind.rawValue]
                    let rates = changes.rates(of: from.name, in: counters) {
                        sections.contains($0.section) && $0.server == to.name
                    }
                    guard !rates.isEmpty else { return nil }
                    let requests = rates.map(\.requests).reduce(0, +)
                    return PageState.Flow(
                        from: from.name, to: to.name, kind: kind, requestsPerSecond: requests,
                        errorsPerSecond: rates.map(\.errors).reduce(0, +),
                        responseMilliseconds: requests > 0 ? TopChanges.average(rates) : nil,
                        connections: rates.map(\.connections).reduce(0, +))
                }
            }
        }
    }

    private func summary(_ status: StackStatus, _ why: WhyReport?, _ concerns: [Concern]) -> String {
        if let first = concerns.first(where: { $0.level == .problem }) {
            let others = concerns.count(where: { $0.level == .problem }) - 1
            return others > 0 ? "\(first.what) And \(others) more." : first.what
        }
        if status.state == .starting { return "\(status.stack) is starting." }
        guard concerns.isEmpty else {
            return "Users are served. \(concerns.count == 1 ? "One thing" : "\(concerns.count) things") to know of."
        }
        guard let why, let primary = why.primary, let partner = why.partner else { return "Nothing is wrong." }
        return "Nothing is wrong. If \(primary), the primary, is lost, \(partner) takes over within seconds, "
            + "with all its writes."
    }

    private var events: [PageEvent] {
        let ofHosts = words.flatMap { host, word in word.events.map { PageEvent($0, on: host) } }
        let all = ofHosts + changes.compactMap(PageEvent.init)
        // In an order that does not depend on that of a dictionary.
        let sorted = all.sorted { ($0.at, $0.host ?? "", $0.text) > ($1.at, $1.host ?? "", $1.text) }
        return Array(sorted.prefix(Self.mostEvents))
    }
}

extension PageEvent {
    init(_ event: HostEvent, on host: String) {
        let service = event.service ?? ""
        let text =
            switch event.kind {
            case .ended: "\(service) on \(host) ended by itself and was started again"
            case .restarted: "\(service) on \(host) was restarted, as it was asked to"
            case .failed:
                "\(service) on \(host) failed" + (event.detail.map { ": \(Terminal.printable($0))" } ?? "")
            case .recovered: "\(service) on \(host) runs again"
            case .settings: "\(host) was given other settings"
            }
        self.init(at: event.at, kind: event.kind.rawValue, host: host, service: event.service, text: text)
    }

    /// nil where it is not known when it was.
    init?(_ change: FailoverChange) {
        guard let time = change.detectedAt, let date = Self.date(time) else { return nil }
        let line = HistoryLine(change: change)
        let pause = change.steps?["opened"].map { ", writes open after \($0) ms" } ?? ""
        self.init(
            at: Int(date.timeIntervalSince1970), kind: "primary", host: change.primary, service: "mysql",
            text: "\(line.who), epoch \(change.epoch): \(line.cause)\(pause)")
    }

    private static func date(_ text: String) -> Date? {
        (try? Date(text, strategy: .iso8601))
            ?? (try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
    }
}
