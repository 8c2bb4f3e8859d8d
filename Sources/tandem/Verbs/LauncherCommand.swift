import ArgumentParser
import Foundation
import Glibc
import TandemBlueprint
import TandemOperator
import TandemServices

/// Starts and ends the processes of a host's app for the host's agent, as the app's own account. systemd starts it,
/// with the socket that the agent asks over.
struct LauncherCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "launcher", abstract: "Starts the app of a host as its own account.", shouldDisplay: false)

    /// sd_listen_fds(3): the first one.
    private static let listener: Int32 = 3

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        guard geteuid() != 0, environment["LISTEN_PID"] == "\(getpid())", environment["LISTEN_FDS"] == "1" else {
            throw Failure(.usage, "a launcher is started by systemd; see: systemctl status 'tandem-*.app.socket'")
        }
        let stop = StopSignals([SIGTERM, SIGINT])
        let anew = StopSignals([SIGHUP])
        let isAnew = await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await Launcher(listener: Self.listener).run()
                return false
            }
            group.addTask {
                await stop.wait()
                return false
            }
            group.addTask {
                await anew.wait()
                return true
            }
            group.addTask {
                await releaseWhatStartingNeeded()
                try? await Task.sleep(for: .seconds(Int32.max))
                return false
            }
            defer { group.cancelAll() }
            return await group.next() ?? false
        }
        guard isAnew else { return }
        // In the same process, which is the parent of what it has started: so it goes on knowing how that ends.
        let error = RunCommand.execute([HostPlaces.program, "launcher"])
        throw Failure(.failed, "cannot run \(HostPlaces.program): \(String(cString: strerror(error)))")
    }
}
