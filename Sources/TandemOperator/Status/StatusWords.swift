import TandemTopology

/// Sentences about a stack, the same in the terminal and on the live page.
package struct StatusWords {
    package let status: StackStatus

    package init(status: StackStatus) { self.status = status }

    package static let keeperIsGone =
        "The keeper is gone: what runs goes on, and an agent starts another one within seconds."
    package static let keeperRemedy = "tandem up (it takes over what runs)"

    /// How writes are kept, or why they wait.
    package func sentence(of database: StackStatus.DatabaseState) -> (text: String, isWorry: Bool) {
        switch database.sync {
        case .pair: ("Writes are acknowledged once two servers have them.", false)
        case .solo where !database.replicas.isEmpty:
            ("The primary stands alone: writes are on one server only, and one more loss would stop them.", true)
        case .solo: ("The primary stands alone: writes are on one server only.", false)
        case .waiting where !isRunning("mysql", on: database.primary):
            ("The primary, \(database.primary), is away: writes fail until it is back; reads go on.", true)
        case .waiting: ("Writes wait: the partner of \(database.primary) is away.", true)
        }
    }

    private func isRunning(_ service: String, on host: String) -> Bool {
        status.hosts.first { $0.name == host }?.services.first { $0.name == service }?.state == .running
    }
}
