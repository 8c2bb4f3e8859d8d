import Foundation
import TandemAgent
import TandemBlueprint
import TandemStack

/// What the verbs about alerts have in common: a stack that runs and is watched.
package struct AlertSession: Sendable {
    package let stack: Stack
    let client: AlertmanagerClient

    package static func run(file: String?, _ body: (AlertSession) async throws -> Void) async throws {
        let project = try Project.load(file: file)
        guard let applied = project.running else { throw project.notRunning }
        guard !applied.stack.monitors.isEmpty else {
            throw Failure(
                .failed,
                "nothing watches the stack '\(applied.stack.name)': write 'monitoring: on' into its file, and run tandem up"
            )
        }
        try await on(applied.stack, project.folder, body)
    }

    /// Gives the way to the monitors of a stack that has some.
    static func on<T>(
        _ stack: Stack, _ folder: StackFolder, _ body: (AlertSession) async throws -> T
    ) async throws -> T {
        let client = try AlertmanagerClient(
            stack: stack, certificate: folder.clientCertificateFile, key: folder.clientKeyFile,
            ca: folder.agentsCAFile)
        do {
            let result = try await body(AlertSession(stack: stack, client: client))
            await client.shutdown()
            return result
        } catch {
            await client.shutdown()
            throw error
        }
    }

    /// What all monitors that answer say.
    package func alerts() async throws -> [Alert] {
        var all: [Alert] = []
        var last: (any Error)?
        var isAnswered = false
        for monitor in stack.monitors {
            do {
                all += try await client.alerts(of: monitor)
                isAnswered = true
            } catch {
                last = error
            }
        }
        if let last, !isAnswered { throw last }
        return all
    }

    /// Monitors tell each other of silences: the first one that answers is enough.
    package func onFirst<T: Sendable>(_ body: (AlertmanagerClient, Host) async throws -> T) async throws -> T {
        var last: (any Error)?
        for monitor in stack.monitors {
            do { return try await body(client, monitor) } catch { last = error }
        }
        throw last ?? Failure(.failed, "no host watches the stack")
    }

    package func checkName(_ name: String) throws {
        let names = Self.names(of: stack)
        guard !names.contains(name) else { return }
        throw Failure(
            .usage, "there is no alert named '\(Terminal.printable(name))'; there are: \(names.joined(separator: ", "))"
        )
    }

    package func checkHost(_ name: String?) throws {
        guard let name, !stack.hosts.contains(where: { $0.name == name }) else { return }
        throw Failure(
            .usage,
            "there is no host named '\(Terminal.printable(name))'; there are: \(stack.hosts.map(\.name).joined(separator: ", "))"
        )
    }

    package static func names(of stack: Stack) -> [String] { HostBlueprint.alertNames(of: stack) }

    /// - Returns: nil for what is no time, or longer than 30 days.
    package static func seconds(_ text: String) -> Int? {
        let units = ["s": 1, "m": 60, "h": 3600]
        guard let unit = text.last.flatMap({ units[String($0)] }), let number = Int(text.dropLast()), number > 0,
            number <= 720 * 3600 / unit
        else { return nil }
        return number * unit
    }
}
