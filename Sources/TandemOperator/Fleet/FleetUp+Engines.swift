import Foundation
import TandemBlueprint
import TandemEngines
import TandemFleet
import TandemStack

extension FleetUp {
    /// Has every host fetch the servers' programs; hosts that have no way to Debian's archive are given the packages
    /// from here.
    func installEngines() async throws {
        let start = ContinuousClock.now
        var answers = try await askForEngines(stack.hosts)
        let cutOff = stack.hosts.filter { host in
            if case .unreachable = answers[host.name] { true } else { false }
        }
        if !cutOff.isEmpty {
            for host in cutOff {
                guard case .unreachable(let words) = answers[host.name] else { continue }
                Terminal.line("\(host.name) does not get Debian's packages: \(words)")
            }
            try await bringPackages(to: cutOff)
            answers.merge(try await askForEngines(cutOff)) { $1 }
        }
        var engines: [String: HostEngines] = [:]
        for (host, answer) in answers {
            switch answer {
            case .found(let found): engines[host] = found
            case .unreachable(let words):
                throw Failure(.failed, "\(host) cannot use the packages that it was given: \(words)")
            }
        }
        guard let first = engines.values.first else { return }
        guard engines.values.allSatisfy({ $0 == first }) else {
            let lines = engines.sorted { $0.key < $1.key }.map { host, found in
                "  \(host): "
                    + found.versions.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
            }
            throw Failure(
                .failed,
                "the hosts have different versions of the servers' programs:\n\(lines.joined(separator: "\n"))\n"
                    + "On those that are behind, as root: \(HostPlaces.program) engines update")
        }
        let versions = first.versions.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        steps.done(
            "engines", versions.joined(separator: ", "), seconds: (ContinuousClock.now - start) / .seconds(1))
    }

    private func askForEngines(_ hosts: [Host]) async throws -> [String: HostEnginesAnswer] {
        let name = stack.name
        let words = ["engines"] + (stack.monitors.isEmpty ? [] : ["--monitoring"])
        return try await self.hosts.onEach("fetch the servers' programs", only: hosts) { session in
            let answer = try await session.step(words, stack: name, seconds: 900)
            return try JSONDecoder().decode(HostEnginesAnswer.self, from: Data(answer.utf8))
        }
    }

    // MARK: - Packages from here

    /// Beyond this it is something else.
    private static var mostBytes: Int { 2 << 30 }

    private func bringPackages(to hosts: [Host]) async throws {
        let start = ContinuousClock.now
        let engines = stack.monitors.isEmpty ? Engine.ofEveryStack : Engine.allCases
        let architectures = try await self.hosts.onEach("ask for the architecture", only: hosts) { session in
            try await session.script("dpkg --print-architecture").trimmingCharacters(in: .whitespacesAndNewlines)
        }
        Terminal.line("fetching the packages here, for \(hosts.map(\.name).joined(separator: ", "))")
        for architecture in Set(architectures.values).sorted() {
            let store = EngineStore(folder: "\(try EngineSetup.ownFolder())/for-hosts/\(architecture)") {
                Terminal.line("\($0)")
            }
            let archive = try Self.pack(try await store.fetch(engines, architecture: architecture), of: store)
            try await self.hosts.onEach(
                "bring the packages of the servers", only: hosts.filter { architectures[$0.name] == architecture }
            ) { session in
                try await session.script(
                    Self.unpacking, [EngineStore.rootFolder], input: archive, seconds: 900)
            }
            try await store.forgetFetched()
        }
        steps.done(
            "packages", "sent to \(hosts.map(\.name).joined(separator: ", "))",
            seconds: (ContinuousClock.now - start) / .seconds(1))
    }

    private static func pack(_ names: [String], of store: EngineStore) throws -> [UInt8] {
        let outcome = try RootTool.run(
            [
                "/usr/bin/env", "LC_ALL=C", "tar", "--create", "--owner=0", "--group=0", "--exclude=*/cache",
                "--exclude=*/partial", "--directory", store.folder,
            ] + names, capturing: mostBytes)
        guard outcome.status == 0, outcome.output.count <= mostBytes else {
            throw Failure(.failed, "tar cannot pack \(store.folder)")
        }
        return Array(outcome.output)
    }

    /// What an earlier time left there is older.
    private static let unpacking = """
        set -e
        umask 022
        mkdir -p "$1"
        rm -rf "$1"/apt-*
        tar --extract --no-same-owner --directory "$1"
        chmod -R u=rwX,go=rX "$1"/apt-*
        """
}
