import Foundation
import TandemBlueprint
import TandemTopology

/// What the owner of a service says of it. A value: told of what happens, it says what others are to hear.
struct ServiceStatement: Sendable {
    private(set) var status: ServiceStatus
    /// Whether the process has served with its present settings.
    var isSettled = false
    /// What was last said of the service, by itself.
    private var said: (state: ServiceStatus.State, since: String?, detail: String?) = (.stopped, nil, nil)
    private var last: ServiceReport?

    init(_ service: ServiceBlueprint) { status = ServiceStatus(of: service) }

    mutating func say(_ state: ServiceStatus.State, since: String?, detail: String?) { said = (state, since, detail) }

    /// - Parameters:
    ///   - pid: of the present process.
    ///   - stranger: who else listens where this service should, in words.
    /// - Returns: nil where nothing is new.
    mutating func news(pid: Int32?, restarts: Int, stranger: String?) -> ServiceReport? {
        var (state, since, detail) = said
        if let stranger, state != .stopped {
            if state == .running { state = .failed }
            detail = [stranger, detail].compactMap(\.self).joined(separator: "\n")
            since = nil
        }
        if status.state != state { status.since = since ?? Date().iso8601 }
        status.state = state
        status.pid = state == .stopped ? nil : pid
        status.restarts = restarts
        status.detail = detail
        let report = ServiceReport(status: status, isSettled: isSettled)
        guard report != last else { return nil }
        last = report
        return report
    }
}
