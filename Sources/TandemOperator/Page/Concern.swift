import TandemTopology

/// Something that is wrong now, and what to do about it.
struct Concern: Encodable, Sendable, Equatable {
    enum Level: String, Encodable, Sendable {
        /// Something has failed.
        case problem
        /// It runs, but one more loss would be felt, or it is on its way.
        case notice
    }

    var level: Level
    var what: String
    var next: String?
}

extension Concern {
    /// What is to be said of a stack, the worst first.
    static func all(status: StackStatus, failover: WhyReport?, silent: [PageState.Silence]) -> [Concern] {
        guard status.state != .stopped else {
            return [Concern(level: .problem, what: "\(status.stack) is not running.", next: "tandem up")]
        }
        var found = silent.map(Self.silence)
        found += status.hosts.flatMap { host in host.services.compactMap { Self.service($0, on: host.name) } }
        found += status.unclaimed.map {
            Concern(
                level: .problem, what: "\($0) runs on no host: none of them has a claim to it.", next: "tandem status")
        }
        if status.isKeeperGone {
            found.append(Concern(level: .notice, what: StatusWords.keeperIsGone, next: StatusWords.keeperRemedy))
        }
        if let database = status.database {
            let sentence = StatusWords(status: status).sentence(of: database)
            if sentence.isWorry {
                found.append(
                    Concern(
                        level: database.sync == .waiting ? .problem : .notice, what: sentence.text, next: "tandem why"))
            }
        }
        found += StatusWords(status: status).strangeAnswers.map {
            Concern(level: .notice, what: $0.text, next: $0.remedy)
        }
        found += Self.failover(failover)
        return found.filter { $0.level == .problem } + found.filter { $0.level == .notice }
    }

    private static func silence(_ silent: PageState.Silence) -> Concern {
        let words =
            silent.seconds.map { "\(silent.host)'s agent has not answered for \($0) s." }
            ?? "\(silent.host)'s agent has not answered since this page was opened."
        return Concern(
            level: .problem, what: words + " What runs there goes on as far as the host does.",
            next: "tandem status, tandem logs agent")
    }

    private static let longestReason = 400

    private static func service(_ service: ServiceStatus, on host: String) -> Concern? {
        let reason = service.detail.map { ": \(Terminal.printable(String($0.prefix(longestReason))))" } ?? "."
        return switch service.state {
        case .failed:
            Concern(
                level: .problem, what: "\(service.name) on \(host) failed\(reason)", next: "tandem logs \(host)")
        case .starting: Concern(level: .notice, what: "\(service.name) on \(host) is starting\(reason)", next: nil)
        case .stopped: Concern(level: .notice, what: "\(service.name) on \(host) is stopped\(reason)", next: nil)
        case .running, .waiting: nil
        }
    }

    private static func failover(_ report: WhyReport?) -> [Concern] {
        guard let report else { return [] }
        var found: [Concern] = []
        if !report.isReady {
            found.append(
                Concern(
                    level: .notice,
                    what: "A failover would not work now: \(report.blockers.joined(separator: "; ")).",
                    next: "tandem why"))
        }
        if !report.exports.isEmpty {
            found.append(
                Concern(
                    level: .notice,
                    what: "Transactions that nobody acknowledged were taken out of the data: "
                        + report.exports.joined(separator: ", "),
                    next: "Look at them, and apply what is wanted."))
        }
        return found
    }
}
