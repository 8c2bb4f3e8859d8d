import ArgumentParser
import Foundation
import Glibc
import TandemDrill
import TandemOperator

/// What that child runs as. It ignores what would end the drill.
struct DrillHealerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drill-healer", abstract: "Undoes a drill's fault when the drill is gone.", shouldDisplay: false)

    @Option(help: "The stack file.") var file: String

    func run() async throws {
        for number in [SIGINT, SIGTERM, SIGHUP] { signal(number, SIG_IGN) }
        let file = file
        await Healer.run(descriptor: HealerProcess.descriptor) {
            do {
                try await LocalDrilledStack.up(file: file)
            } catch {
                Terminal.line("the drill is gone, and the stack could not be started: \(error)")
            }
        }
    }
}

/// What that process runs as. It starts itself once more, to undo what is left should the process that takes the orders
/// be killed.
struct DrillHandsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drill-hands", abstract: "Cuts connections for a drill, as root, and connects them again.",
        shouldDisplay: false)

    @Option(help: "The stack's name.") var stack: String
    @Option(help: "The number of the user that it runs as.") var user: UInt32
    @Flag(help: "Take the orders.") var takesOrders = false
    @Argument(help: "HOST=ADDRESS, each.") var hosts: [String]

    func run() async throws {
        for number in [SIGINT, SIGTERM, SIGHUP] { signal(number, SIG_IGN) }
        let pairs = hosts.map { $0.split(separator: "=", maxSplits: 1).map(String.init) }.filter { $0.count == 2 }
        let setting = HandsSetting(
            stack: stack, user: user, addresses: Dictionary(pairs.map { ($0[0], $0[1]) }) { first, _ in first })
        if takesOrders {
            Hands.run(descriptor: STDIN_FILENO, setting)
            return
        }
        setsid()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: OwnProgram.path)
        process.arguments = ["drill-hands", "--takes-orders", "--stack", stack, "--user", "\(user)"] + hosts
        process.standardInput = FileHandle.standardInput
        try process.run()
        // The drill is to see the end of the other process, so the socket must not be held here.
        let nothing = open("/dev/null", O_RDONLY | O_CLOEXEC)
        dup2(nothing, STDIN_FILENO)
        process.waitUntilExit()
        if process.terminationReason != .exit || process.terminationStatus != 0 { Hands.undoAll(setting) }
    }
}
