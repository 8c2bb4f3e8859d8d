import Foundation

/// Where a watch has got to, over all of its connections. Pure.
struct WatchProgress {
    /// The first revision that was not told yet; 0: from whatever the store has when the watch begins.
    private(set) var next: Revision
    private var cluster: UInt64?
    private let doing: String

    init(from revision: Revision?, doing: String) {
        next = revision ?? 0
        self.doing = doing
    }

    enum Step {
        /// Nothing to tell.
        case nothing
        case tell(WatchEvent)
        /// Tell this, and connect again.
        case reconnect(WatchEvent)
    }

    /// Takes in what etcd says in one line.
    mutating func take(_ line: [UInt8]) -> Step {
        let decoder = JSONDecoder()
        let data = Data(line)
        if let error = try? decoder.decode(WireError.self, from: data) {
            return .reconnect(.interrupted(interruption(.unavailable, "it answered: \(error.message)")))
        }
        do {
            return take(try decoder.decode(WireWatch.self, from: data))
        } catch {
            return .reconnect(.interrupted(interruption(.malformedAnswer, "its answer is not as expected: \(error)")))
        }
    }

    private mutating func take(_ message: WireWatch) -> Step {
        if let known = cluster, known != message.header.clusterID {
            cluster = nil
            next = 0
            return .reconnect(.otherCluster)
        }
        cluster = message.header.clusterID
        if message.isCanceled {
            guard message.compactRevision > 0 else {
                let reason = message.cancelReason.isEmpty ? "it ended the watch" : message.cancelReason
                return .reconnect(.interrupted(interruption(.unavailable, reason)))
            }
            next = max(next, message.compactRevision)
            return .reconnect(.compacted(before: message.compactRevision))
        }
        if message.isCreated {
            if next == 0 { next = message.header.revision + 1 }
            return .tell(.started(at: message.header.revision))
        }
        // A member may tell again what another one told before the connection was lost.
        let news = message.changes.filter { $0.value.modRevision >= next }
        guard let last = news.last else { return .nothing }
        next = last.value.modRevision + 1
        return .tell(.changed(news, at: message.header.revision))
    }

    /// Longer with each failure in a row, and by chance, so that not all watches come at once.
    static func backoff(failures: Int) -> Duration {
        let longest = min(2000, 50 << min(max(failures, 1) - 1, 6))
        return .milliseconds(longest * Int.random(in: 50...100) / 100)
    }

    func interruption(_ reason: CoordinationError.Reason, _ what: String) -> CoordinationError {
        CoordinationError(reason, doing: doing, what: what, next: "The watch connects again; until then, read.")
    }
}

/// One line of a watch's answer.
struct WireWatch: WireAnswer {
    let header: AnswerHeader
    let isCreated: Bool
    let isCanceled: Bool
    let compactRevision: Revision
    let cancelReason: String
    let changes: [WatchEvent.Change]

    init(from decoder: any Decoder) throws {
        let fields = try decoder.fields().nestedContainer(keyedBy: WireKey.self, forKey: "result")
        header = try fields.decode(AnswerHeader.self, forKey: "header")
        isCreated = try fields.flag("created")
        isCanceled = try fields.flag("canceled")
        compactRevision = try fields.integer("compact_revision")
        cancelReason = try fields.text("cancel_reason")
        changes = try fields.list("events")
    }
}
