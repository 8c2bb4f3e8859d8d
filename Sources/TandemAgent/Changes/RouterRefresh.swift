import Foundation
import NIOCore
import TandemBlueprint

/// Brings the servers of a router that runs in line with its file, through its socket: no session is cut but those to
/// servers that leave.
struct RouterRefresh: Sendable {
    let socket: String
    /// The generated file.
    let file: String

    init(_ layout: Layout) {
        socket = layout.routerSocket
        file = layout.routerFile
    }

    private static let bound = Duration.seconds(5)

    func run() async throws {
        let router = RouterServers(file: try String(contentsOfFile: file, encoding: .utf8))
        for section in RouterQuestion.Purpose.allCases.map(\.rawValue) {
            let wanted = router.servers.filter { $0.section == section }
            let present = try await names(in: section)
            for server in wanted where !present.contains(server.name) {
                for command in router.commandsToAdd(server) { try await expectSuccess(command) }
            }
            for name in present where !wanted.contains(where: { $0.name == name }) {
                try await remove(.init(section: section, name: name, rest: ""), router)
            }
        }
    }

    /// HAProxy's management guide, "show servers conn": the second column is `BACKEND/SERVER`.
    private func names(in section: String) async throws -> [String] {
        try await ask("show servers conn \(section)").split(separator: "\n").compactMap { line in
            guard let word = line.split(separator: " ").first, word.hasPrefix("\(section)/") else { return nil }
            let name = String(word.dropFirst(section.count + 1))
            return name == RouterServers.again ? nil : name
        }
    }

    private func remove(_ server: RouterServers.Server, _ router: RouterServers) async throws {
        let deadline = ContinuousClock.now + Self.bound
        while true {
            var answer = ""
            for command in router.commandsToRemove(server) { answer = try await ask(command) }
            if answer.isEmpty || answer.contains("deleted") { return }
            guard ContinuousClock.now < deadline else {
                throw StateError("the router does not let go of \(server.section)/\(server.name): \(answer)")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private func expectSuccess(_ command: String) async throws {
        let answer = try await ask(command)
        guard answer.isEmpty || answer.contains("New server registered") else {
            throw StateError("the router refuses `\(command)`: \(answer)")
        }
    }

    private func ask(_ command: String) async throws -> String {
        try await HAProxySocket.ask(command, at: socket, patience: .seconds(2))
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
