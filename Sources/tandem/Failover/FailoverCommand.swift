import ArgumentParser
import Foundation
import TandemAgent
import TandemOperator
import TandemStack
import TandemTopology

struct FailoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "failover", abstract: "Promotes another host, although writes may be lost.",
        discussion: """
            The partner takes over by itself, with every acknowledged write. This is for the case that there is none: the primary stood \
            alone when it was lost, or its partner is gone, too. Whoever then leads has only what it has received. What is missing comes back \
            as a file when the old primary does: see `tandem why`.
            """)

    @OptionGroup var project: ProjectOptions
    @Flag(help: "Required: says that writes may be lost.")
    var force = false
    @Option(help: "The host that is to lead; where it is left out, the only other one with a database that answers.")
    var to: String?
    @Flag(name: [.short, .long], help: "Do not ask.")
    var yes = false

    func validate() throws {
        guard force else {
            throw ValidationError(
                "a primary that is lost is replaced by its partner, without a command; planned: tandem switchover.\n"
                    + "To have another host lead although writes may be lost: tandem failover --force")
        }
    }

    func run() async throws {
        try await FailoverSession.run(file: project.file) {
            try await ForcedFailover(session: $0, to: to, isSure: yes).run()
        }
    }
}

/// Orders a change of primary that may lose writes, and waits for what comes of it.
private struct ForcedFailover {
    let session: FailoverSession
    let to: String?
    let isSure: Bool

    /// Longer than the new primary looks for signs of life of the old one.
    private static let bound = Duration.seconds(30)

    func run() async throws {
        let answers = try await session.statuses()
        guard let status = answers.first?.status, let primary = status.primary else {
            throw Failure(.failed, "nobody knows who is the primary; see: tandem why")
        }
        let others = session.applied.stack.hosts(.database).filter { $0.name != primary }
        let present = others.filter { host in answers.contains { $0.host.name == host.name } }
        let target = try target(primary, others, present)
        if status.standing == .paired, let partner = present.first(where: { $0.name == status.partner }) {
            throw Failure(
                .failed,
                "\(partner.name) has every acknowledged write, and takes over by itself once \(primary) is gone.\nSee: tandem why"
            )
        }
        if answers.contains(where: { $0.host.name == primary }) {
            throw Failure(
                .failed,
                "the agent of \(primary), the primary, answers, so no other host may take over.\nSee: tandem why")
        }
        try confirm(primary, target, status)
        let begin = ContinuousClock.now
        try await session.client.forceFailover(to: target, epoch: status.epoch)
        while ContinuousClock.now - begin < Self.bound {
            try await Task.sleep(for: .milliseconds(100))
            guard let now = try? await session.best().status, now.epoch > status.epoch else { continue }
            guard now.primary == target.name else {
                throw Failure(
                    .failed, "\(now.primary ?? "another host") became the primary meanwhile; see: tandem history")
            }
            print("\(target.name) is the primary now (epoch \(now.epoch)).")
            return
        }
        throw Failure(
            .failed,
            "\(target.name) did not take over within \(Self.bound): there was a sign of life of \(primary) or of its partner.\n"
                + "See: tandem why, tandem logs agent")
    }

    private func target(_ primary: String, _ others: [Host], _ present: [Host]) throws -> Host {
        let names = others.map(\.name).joined(separator: ", ")
        if let to {
            if to == primary { throw Failure(.failed, "\(to) is the primary already") }
            guard let host = others.first(where: { $0.name == to }) else {
                throw Failure(
                    .usage, "there is no other database host named '\(Terminal.printable(to))'; there are: \(names)")
            }
            guard present.contains(where: { $0.name == to }) else {
                throw Failure(.failed, "the agent of \(to) does not answer, so it cannot lead; see: tandem status")
            }
            return host
        }
        guard let only = present.first else {
            throw Failure(.failed, "no other database host answers (\(names)); see: tandem status")
        }
        guard present.count == 1 else {
            throw Failure(
                .usage, "several hosts could lead; name one: --to \(present.map(\.name).joined(separator: " | --to "))")
        }
        return only
    }

    private func confirm(_ primary: String, _ target: Host, _ status: FailoverStatus) throws {
        let held =
            switch (status.standing, status.partner) {
            case (.paired, let partner?): "\(primary), and \(partner), its partner, have"
            default: "\(primary), which stood alone, has"
            }
        let words =
            "\(target.name) is to lead with what it has received. Writes that only \(held) are lost to the users\nuntil that host is "
            + "back; then they are exported to a file, and not taken up by themselves."
        if isSure { return Terminal.line(words) }
        guard isatty(STDIN_FILENO) == 1 else {
            throw Failure(.usage, "\(words)\nSay that this is meant with --yes")
        }
        Terminal.write("\(words)\nType \(target.name) to go on: ", to: .standardError)
        guard readLine() == target.name else { throw Failure(.failed, "nothing was changed") }
    }
}
