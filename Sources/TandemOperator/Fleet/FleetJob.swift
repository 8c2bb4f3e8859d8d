import TandemFleet
import TandemStack

/// Runs a job of the app now, on one of its hosts, and shows what it says meanwhile.
package struct FleetJob: Sendable {
    let hosts: FleetHosts
    let name: String

    package init(hosts: FleetHosts, name: String) {
        self.hosts = hosts
        self.name = name
    }

    package func run() async throws {
        let readers = RemoteReaders()
        let logs = FleetLogs(hosts: hosts, request: .init(only: name, lines: 0, isFollowing: true))
        // Which of them runs it is not known before it does.
        for session in await hosts.sessionsThatAnswer().values where session.host.has(.app) {
            let words = logs.words(session.host) + ["--follow", "--announces"]
            try await readers.start(session, words, after: FleetLogs.beginning)
        }
        do {
            // A terminal there would make this one raw, and our lines would run in steps.
            try await RemoteCommand(hosts: hosts).runOnAny(isTerminal: false)
        } catch let end as QuietEnd where [130, 255].contains(end.status) {
            await readers.end()
            throw Failure(.failed, "\(name) may still be running; `tandem status` shows how it ended")
        } catch {
            await readers.end()
            throw error
        }
        await readers.end()
    }
}
