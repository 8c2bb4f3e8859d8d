import TandemTopology

/// What happened to a host's services between two looks at them. A value.
struct ServiceEvents: Sendable {
    private struct Known {
        var pid: Int32?
        var restarts: Int
        var state: ServiceStatus.State
        /// It has ended by itself, and which process comes next is not known yet.
        var isExpected: Bool
    }

    private var services: [String: Known] = [:]
    private var version: String?

    /// - Parameter version: of the host's settings.
    mutating func look(_ statuses: [ServiceStatus], version: String?, at second: Int) -> [HostEvent] {
        var events: [HostEvent] = []
        if let version {
            if let last = self.version, last != version {
                events.append(HostEvent(at: second, kind: .settings, service: nil))
            }
            self.version = version
        }
        for status in statuses {
            guard let before = services[status.name] else {
                services[status.name] = Known(
                    pid: status.pid, restarts: status.restarts, state: status.state, isExpected: false)
                continue
            }
            let (now, kinds) = Self.step(from: before, to: status)
            services[status.name] = now
            events += kinds.map {
                HostEvent(at: second, kind: $0, service: status.name, detail: $0 == .failed ? firstLine(status) : nil)
            }
        }
        return events
    }

    private static func step(from before: Known, to status: ServiceStatus) -> (Known, [HostEvent.Kind]) {
        var kinds: [HostEvent.Kind] = []
        var now = before
        if status.restarts > before.restarts {
            kinds.append(.ended)
            now.isExpected = true
        }
        now.restarts = status.restarts
        if let pid = status.pid, pid != before.pid {
            // The first one of all is a start and no restart.
            if before.pid != nil, !now.isExpected { kinds.append(.restarted) }
            now.pid = pid
            now.isExpected = false
        }
        // States on the way are of no interest: failed stays until it runs again.
        if status.state == .failed {
            if before.state != .failed { kinds.append(.failed) }
            now.state = .failed
        } else if status.state == .running {
            if before.state == .failed { kinds.append(.recovered) }
            now.state = .running
        } else if status.state == .waiting {
            // Another host runs it; what comes here next is a start.
            now = Known(pid: nil, restarts: status.restarts, state: .waiting, isExpected: false)
        }
        return (now, kinds)
    }

    private func firstLine(_ status: ServiceStatus) -> String? {
        status.detail?.split(whereSeparator: \.isNewline).first.map { HostEvent.bounded(detail: String($0)) }
    }
}
