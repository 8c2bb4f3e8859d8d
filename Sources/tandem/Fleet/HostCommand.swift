import ArgumentParser
import Foundation
import TandemAgent
import TandemBlueprint
import TandemEngines
import TandemOperator
import TandemServices
import TandemStack

/// What an operator's `tandem` asks of the one on a host, as root there, over SSH.
struct HostCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "host", abstract: "Does on a host what an operator's tandem asks for.", shouldDisplay: false,
        subcommands: [
            Engines.self, Account.self, Run.self, Accept.self, Unpack.self, Prepare.self, Plan.self, Roll.self,
            Stop.self,
            Forget.self, Program.self,
            Page.self, Drill.self,
        ])

    /// Steps of a host's root.
    protocol Step: ParsableCommand {}

    /// Reads what the operator sent.
    static func request<R: Decodable>(_ type: R.Type) throws -> R {
        try JSONDecoder().decode(type, from: FileHandle.standardInput.readDataToEndOfFile())
    }

    static func answer(_ value: some Encodable) throws {
        try FileHandle.standardOutput.write(contentsOf: JSONEncoder().encode(value))
    }

    /// Fetches the servers' programs, and says where they are.
    struct Engines: AsyncParsableCommand, Step {
        static let configuration = CommandConfiguration(commandName: "engines")
        /// Prometheus and Alertmanager, too.
        @Flag var monitoring = false

        func run() async throws {
            let setup = EngineSetup(own: .init(), isMonitored: monitoring)
            do {
                let set = try await setup.install { progress in Terminal.line("\(progress)") }
                try HostCommand.answer(
                    HostEnginesAnswer.found(HostEngines(programs: set.layoutPrograms, versions: set.versionsByName)))
            } catch let error as EngineError where [.network, .keyring].contains(error.reason) {
                try HostCommand.answer(HostEnginesAnswer.unreachable(error.what))
            }
        }
    }

    /// Makes the account that the stack runs as there.
    struct Account: ParsableCommand, Step {
        static let configuration = CommandConfiguration(commandName: "account")
        @Argument var stack: String
        /// The app's own account, too.
        @Flag var app = false

        func run() throws {
            let account = try StackAccount(stack: stack).make()
            try RootFile.makeFolder(HostPlaces.releaseParent, mode: 0o755)
            if app { return try HostAppAccount(stack: stack, agent: account).make() }
            try RootFile.makeFolder(HostPlaces(stack: stack).releases, mode: 0o700, account: account)
        }
    }

    /// Takes up a package: the account, its files, the agent's unit.
    struct Accept: AsyncParsableCommand, Step {
        static let configuration = CommandConfiguration(commandName: "accept")

        func run() async throws {
            try HostAcceptance(package: try HostCommand.request(HostPackage.self)).run()
        }
    }

    /// The part of it that the account itself does.
    struct Unpack: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "unpack")
        @Argument var folder: String

        func run() async throws {
            let folder = StackFolder(path: folder, environment: ProcessInfo.processInfo.environment)
            try HostCommand.request(HostPackage.self).unpack(into: folder)
        }
    }

    struct Prepare: AsyncParsableCommand, Step {
        static let configuration = CommandConfiguration(commandName: "prepare")

        func run() async throws {
            try HostCommand.answer(try await HostRoll(request: HostCommand.request(HostRequest.self)).prepare())
        }
    }

    struct Plan: AsyncParsableCommand, Step {
        static let configuration = CommandConfiguration(commandName: "plan")
        @OptionGroup var output: FormatOptions

        func run() async throws {
            let pending = try await HostRoll(request: HostCommand.request(HostRequest.self)).pending()
            let report = PlanReport(pending)
            try output.write(report) { report.text(Style(isColored: false)) }
            try pending.throwRefusals()
            if report.hasChanges { throw ExitCode(ExitStatus.changes.rawValue) }
        }
    }

    struct Roll: AsyncParsableCommand, Step {
        static let configuration = CommandConfiguration(commandName: "roll")

        func run() async throws { try await HostRoll(request: HostCommand.request(HostRequest.self)).run() }
    }

    struct Stop: AsyncParsableCommand, Step {
        static let configuration = CommandConfiguration(commandName: "stop")
        @OptionGroup var project: ProjectOptions

        func run() async throws { try await HostStop(project: try Project.loadApplied(project)).run() }
    }

    /// What `up` brings to a host: this program with its libraries, a compressed tar on standard output.
    struct Program: ParsableCommand, Step {
        static let configuration = CommandConfiguration(commandName: "program")

        func run() throws {
            try FileHandle.standardOutput.write(contentsOf: Data(try ProgramBundle().archive()))
        }
    }

    /// Writes the events for one browser that shows the live page, until the operator's ssh no longer reads them.
    struct Page: AsyncParsableCommand, Step {
        static let configuration = CommandConfiguration(commandName: "page")
        @OptionGroup var project: ProjectOptions

        func run() async throws {
            let project = try Project.loadApplied(project)
            let feed = PageFeed()
            guard let events = feed.listen() else { return }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await PagePoll(project: project, feed: feed).run() }
                group.addTask {
                    for await event in events {
                        // It fails when the operator's ssh has ended: then there is nobody to tell.
                        guard (try? FileHandle.standardOutput.write(contentsOf: Data(event.utf8))) != nil else {
                            return
                        }
                    }
                }
                defer { group.cancelAll() }
                try await group.next()
            }
        }
    }

    /// Breaks this host's part of the stack for a drill that gives its orders on standard input.
    struct Drill: AsyncParsableCommand, Step {
        static let configuration = CommandConfiguration(commandName: "drill")
        @Argument var host: String
        @OptionGroup var project: ProjectOptions

        func run() async throws {
            let project = try Project.loadApplied(project)
            let applied = try project.requireApplied()
            let client = try project.agentClient()
            let drill = HostDrill(project: project, applied: applied, client: client, host: host)
            do { try await drill.run() } catch {
                await client.shutdown()
                throw error
            }
            await client.shutdown()
        }
    }

    struct Forget: AsyncParsableCommand, Step {
        static let configuration = CommandConfiguration(commandName: "forget")
        @Argument var stack: String
        @Flag(help: "The database's files, and all else, stay; only the agent goes.") var keepData = false

        func run() async throws { try HostDeparture(stack: stack, keepsData: keepData).run() }
    }
}
