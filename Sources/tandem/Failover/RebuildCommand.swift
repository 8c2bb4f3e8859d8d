import ArgumentParser
import Foundation
import TandemAgent
import TandemOperator
import TandemStack

struct RebuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild", abstract: "Gives a replica a new copy of the primary's data.",
        discussion: """
            For data that is damaged, or that nobody trusts any more. The host's server is stopped meanwhile, and writes are on the primary alone. \
            Its old data is replaced once the copy is whole, and deleted once the new one has caught up.
            """)

    @OptionGroup var project: ProjectOptions
    @Argument(help: "The host whose data is made anew.")
    var host: String

    /// Data of a terabyte takes hours.
    private static let bound = Duration.seconds(24 * 3600)

    func run() async throws {
        try await FailoverSession.run(file: project.file) { session in
            let databases = session.applied.stack.hosts(.database)
            guard let place = databases.first(where: { $0.name == host }) else {
                let names = databases.map(\.name)
                let near = NearestWord.find(host, among: names).map { "; did you mean '\($0)'?" } ?? ""
                throw Failure(
                    .usage,
                    "there is no database host named '\(Terminal.printable(host))'\(near)\nThere are: \(names.joined(separator: ", "))"
                )
            }
            let start = ContinuousClock.now
            do {
                try await session.client.rebuild(place, timeout: Self.bound)
            } catch let error as StateError {
                throw Failure(.failed, "\(host) goes on with the data that it has: \(error)")
            }
            try await session.waitForPair(host)
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            print(
                "\(host) has a new copy of the primary's data, and follows (\(seconds.formatted(.number.precision(.fractionLength(1)))) s)."
            )
        }
    }
}
