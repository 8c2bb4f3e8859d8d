import ArgumentParser
import TandemAgent
import TandemOperator

struct PauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Disables automatic failover until `tandem resume`.",
        discussion: """
            For work on the hosts. A primary that dies meanwhile is started again and not replaced. A partner that is lost is still \
            let go, since writes would wait for it, and joins again after `resume`.
            """)

    @OptionGroup var project: ProjectOptions

    func run() async throws {
        try await FailoverSession.run(file: project.file) { session in
            try await session.client.setFailoverPaused(true, asking: try await session.best().host)
        }
        print("The failover is paused: nobody takes over by itself. It goes on with: tandem resume")
    }
}

struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Enables automatic failover again.")

    @OptionGroup var project: ProjectOptions

    func run() async throws {
        try await FailoverSession.run(file: project.file) { session in
            try await session.client.setFailoverPaused(false, asking: try await session.best().host)
        }
        print("The failover is on: the partner takes over when the primary is lost.")
    }
}
