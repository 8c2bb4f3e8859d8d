import ArgumentParser
import Foundation
import TandemAgent
import TandemDrill
import TandemOperator
import TandemStack

extension DrillFormat: ExpressibleByArgument {}

struct DrillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drill",
        abstract: "Breaks the running stack on purpose, under load, and counts what users felt.",
        discussion: """
            Kills, freezes and restarts each service, agent and host in turn, while numbered requests go through the front. At \
            the end the app is asked what it has, which is compared with what it acknowledged. Whatever is broken is healed \
            again, also after Ctrl-C and when the drill itself is killed. What it writes stays in the app's database.

            The stack file's section `drill` says what to ask of the app, and what users may feel; for the example app it \
            needs none. On hosts of their own it works over SSH, and asks first. Exit status 1 when a promise was broken, 4 when the stack is not running.
            """)

    @OptionGroup var project: ProjectOptions
    @Flag(help: "List the faults, each as a sentence with its budget, and do nothing.")
    var list = false
    @Option(
        help: ArgumentHelp(
            "Only faults in whose names all these words stand, such as 'kill mysql'; a comma begins another choice. A whole name: '=kill server1'.",
            valueName: "words"))
    var only: String?
    @Option(name: .customLong("repeat"), help: "How often each fault is tried, 1 to 100.")
    var repeats = 1
    @Option(help: "Seconds of load before and after each fault, 1 to 600.")
    var duration = 2
    @Option(help: "Requests a second, of all clients together, 1 to 10000.")
    var rate = 100
    @Option(help: "Clients, each with a connection of its own, 2 to 1000.")
    var clients = 16
    @Option(help: "How many of them write; a quarter where it is left out.")
    var writers: Int?
    @Option(help: "Replays the order and the moments of a drill; a fresh one where it is left out.")
    var seed: UInt64?
    @Option(help: "text, for people; json, or junit for what shows test results.")
    var format = DrillFormat.text
    @Option(help: ArgumentHelp("Also write a report for people, with pictures, to this file.", valueName: "file.html"))
    var report: String?
    @Option(
        help: ArgumentHelp(
            "Also fail when something became slower than in this report, which --format json wrote.",
            valueName: "last.json"))
    var compare: String?

    @Flag(help: "Do not ask before hosts of their own are broken.")
    var yes = false

    func validate() throws {
        guard (1...100).contains(repeats) else { throw ValidationError("--repeat takes 1 to 100.") }
        guard (1...600).contains(duration) else { throw ValidationError("--duration takes 1 to 600 (seconds).") }
        guard (1...10_000).contains(rate) else { throw ValidationError("--rate takes 1 to 10000 (requests a second).") }
        guard (2...1000).contains(clients) else { throw ValidationError("--clients takes 2 to 1000.") }
        guard (1...clients).contains(writers ?? 1) else { throw ValidationError("--writers takes 1 to --clients.") }
    }

    func run() async throws {
        let project = try Project.load(project)
        let applied = try project.requireApplied()
        guard StackProcesses(project: project, applied: applied).areAny else {
            throw project.notRunning
        }
        let client = try project.agentClient()
        let drill = LocalDrill(request: request, project: project, applied: applied, client: client)
        do {
            let isBroken = try await drill.run()
            await client.shutdown()
            if isBroken { throw ExitCode(ExitStatus.failed.rawValue) }
        } catch {
            await client.shutdown()
            throw error
        }
    }

    var request: DrillRequest {
        DrillRequest(
            list: list, only: only, repeats: repeats, duration: duration, rate: rate, clients: clients,
            writers: writers,
            seed: seed, format: format, report: report, compare: compare)
    }
}
