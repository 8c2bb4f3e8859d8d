import ArgumentParser
import TandemOperator

struct JobCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "job", abstract: "Runs a job of `app: jobs` now, once, and waits for its end.",
        discussion: """
            It runs on one app host, as at its times: with the same environment, timeout and log, never beside another run of \
            the same job, and `tandem status` shows how it ended. The exit status is 0 when the job exits with 0, else 1. Ctrl-C \
            leaves it running.
            """)

    @OptionGroup var project: ProjectOptions
    @Argument(help: "The job's name.", completion: StackCompletion.jobs)
    var name: String

    func run() async throws { try await JobByHand.run(name, file: project.file) }
}
