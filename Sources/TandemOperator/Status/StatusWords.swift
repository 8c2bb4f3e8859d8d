import TandemTopology

/// Sentences about a stack, the same in the terminal and on the live page.
package struct StatusWords {
    package let status: StackStatus

    package init(status: StackStatus) { self.status = status }

    package static let keeperIsGone =
        "The keeper is gone: what runs goes on, and an agent starts another one within seconds."
    package static let keeperRemedy = "tandem up (it takes over what runs)"

    /// What answers and should not, a sentence for each host.
    package var strangeAnswers: [(text: String, remedy: String)] {
        let answers = status.strangeAnswers ?? []
        return status.hosts.map(\.name).compactMap { host in
            let ofHost = answers.filter { $0.host == host }
            guard let asker = ofHost.first?.asker else { return nil }
            let ports = ofHost.map { "\($0.port) (of \(Terminal.printable($0.account)))" }.joined(separator: ", ")
            let isOne = ofHost.count == 1
            return (
                "\(isOne ? "A port" : "Ports") of \(host) \(isOne ? "answers" : "answer") \(asker) and \(isOne ? "is" : "are") not the stack's: \(ports).",
                "tandem doctor"
            )
        }
    }

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
