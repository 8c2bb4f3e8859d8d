import ArgumentParser
import TandemAgent
import TandemOperator
import TandemStack
import TandemTopology

struct SwitchoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "switchover", abstract: "Makes the partner the primary, as planned: nothing is lost.",
        discussion: """
            Writes pause for a moment: the primary takes no more, its partner applies what it has and opens. Where that takes longer \
            than 3 s, the primary opens again and stays.
            """)

    @OptionGroup var project: ProjectOptions
    @Option(help: "The host that is to lead; the partner, where it is left out.")
    var to: String?

    func run() async throws {
        try await FailoverSession.run(file: project.file) { try await Switchover(session: $0, to: to).run() }
    }
}

/// Orders a switchover, and waits for what comes of it.
private struct Switchover {
    let session: FailoverSession
    let to: String?

    /// Longer than the primary waits for a chance to begin.
    private static let bound = Duration.seconds(25)

    func run() async throws {
        let (host, status) = try await session.best()
        let target = try target(status)
        guard let target else {
            print("\(status.primary ?? "It") is the primary already.")
            return
        }
        if !status.blockers.isEmpty {
            throw Failure(
                .failed, "there is no switchover now: \(status.blockers.joined(separator: "; "))\nSee: tandem why")
        }
        let begin = ContinuousClock.now
        try await session.client.switchOver(to: target, asking: host)
        while ContinuousClock.now - begin < Self.bound {
            try await Task.sleep(for: .milliseconds(50))
            guard let now = try? await session.best().status, now.epoch > status.epoch, let primary = now.primary
            else { continue }
            guard primary == target else {
                throw Failure(
                    .failed, "\(primary) became the primary meanwhile, and not \(target); see: tandem history")
            }
            return try await tell(status.primary, target, now.epoch)
        }
        throw Failure(
            .failed,
            "\(status.primary ?? "the primary") did not hand over within \(Self.bound), and goes on as the primary.\n"
                + "See: tandem why, tandem logs agent")
    }

    /// nil: it leads already.
    private func target(_ status: FailoverStatus) throws -> String? {
        let data = session.applied.stack.hosts(.database).map(\.name)
        if let to {
            guard data.contains(to) else {
                let near = NearestWord.find(to, among: data).map { "; did you mean '\($0)'?" } ?? ""
                throw Failure(
                    .usage,
                    "there is no database host named '\(Terminal.printable(to))'\(near)\n"
                        + "There are: \(data.joined(separator: ", "))")
            }
            return to == status.primary ? nil : to
        }
        guard let partner = status.partner else {
            throw Failure(
                .failed, "the primary has no partner to hand over to\nSee: tandem why")
        }
        return partner
    }

    /// The pause is known once the new primary is open.
    private func tell(_ former: String?, _ target: String, _ epoch: Int) async throws {
        var pause: Int?
        for _ in 0..<100 where pause == nil {
            let changes = try? await newHistory(target)
            pause = changes?.first { $0.epoch == epoch }?.steps?["opened"]
            if pause == nil { try await Task.sleep(for: .milliseconds(50)) }
        }
        let words = pause.map { "; it opened \($0) ms after it was asked to take over" } ?? ""
        print("\(target) is the primary now (epoch \(epoch))\(words).")
        try await session.waitForPair(former ?? "the former primary")
        print("\(former ?? "The former primary") is its partner.")
    }

    private func newHistory(_ target: String) async throws -> [FailoverChange] {
        guard let host = session.applied.stack.hosts.first(where: { $0.name == target }) else { return [] }
        return try await session.client.failoverHistory(of: host, count: 3)
    }
}
