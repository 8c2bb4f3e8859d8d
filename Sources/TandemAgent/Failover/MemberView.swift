import TandemFailover
import TandemFailoverDriver
import TandemTopology

/// What the rest of the stack hears of a host's database, out of its failover's report. Pure.
struct MemberView {
    let report: FailoverReport
    let names: HostNames
    /// How far a replica is behind, in seconds, where that is known.
    var lagSeconds: Double?
    /// The server is about to stop, though its failover does not know yet.
    var isAboutToStop = false

    /// - Parameter member: whose host and address stay as they are.
    /// - Returns: nil while nothing is known of the stack: an agent that has just started must not speak against its
    ///   predecessor.
    func applied(to member: DatabaseMember) -> DatabaseMember? {
        guard let record = report.record else { return nil }
        var member = member
        member.epoch = Int(clamping: record.epoch)
        member.role = report.role == .primary ? .primary : .replica
        member.partner = report.role == .primary ? record.partner.flatMap(names.name) : nil
        member.state = state
        member.detail = detail
        let isClosing = isAboutToStop || report.isHandingOver
        member.isClosing = isClosing && (report.takesReads || report.takesWrites) ? true : nil
        let mayLag = [.streaming, .disconnected].contains(member.state) || isCatchingUp
        member.lagSeconds = mayLag ? lagSeconds : nil
        return member
    }

    private var state: DatabaseMember.State {
        if report.isStopped { return .stopped }
        if case .clone = report.command { return .provisioning }
        guard let access = report.access else { return .starting }
        if report.role == .primary {
            if report.isAboutToOpen { return .disconnected }
            guard access == .writing else { return .starting }
            return report.doWritesWait ? .waiting : .open
        }
        guard access == .reading || access == .writing else { return .starting }
        return report.follows ? .streaming : .disconnected
    }

    var detail: String? {
        switch state {
        case .stopped: return "stopped by an operator"
        case .provisioning:
            if case .clone(let source) = report.command { return "copying the data of \(name(source))" }
            return nil
        case .waiting: return "writes wait for \(report.record?.partner.flatMap(names.name) ?? "the partner")"
        case .disconnected:
            return report.role == .primary ? Self.openingDetail : "it does not receive from the primary"
        case .starting: return startingDetail
        case .streaming:
            return report.record?.partner == nil ? "it joins the primary as its partner" : nil
        case .open, .failed: return nil
        }
    }

    /// It follows the primary, too far behind to be read from.
    private var isCatchingUp: Bool { state == .starting && report.role != .primary && report.follows }

    private var startingDetail: String? {
        guard report.access != nil else { return nil }
        guard report.role == .primary else {
            if isCatchingUp { return "it catches up with the primary before it serves" }
            return "it is compared with the primary before it serves"
        }
        guard let partner = report.record?.partner else { return Self.openingDetail }
        return "it is the primary, and opens once \(name(partner)) has confirmed a write"
    }

    private static let openingDetail = "it is the primary, and about to open"

    private func name(_ host: HostID) -> String { names.name(host) ?? "an unknown host" }
}
