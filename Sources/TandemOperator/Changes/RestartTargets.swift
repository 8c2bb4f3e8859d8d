import TandemAgent
import TandemBlueprint
import TandemStack

/// Which services a user means, in the order in which they are restarted.
package struct RestartTargets {
    package struct Target: Equatable {
        package var host: Host
        package var service: ServiceBlueprint

        package static func == (left: Target, right: Target) -> Bool {
            left.host == right.host && left.service.statusName == right.service.statusName
        }
    }

    /// Everything that runs, host by host: replicas before the primary, balancers last.
    private let all: [Target]

    /// - Parameter primary: who leads.
    package init(applied: AppliedStack, folder: StackFolder, primary: String?) throws {
        func rank(_ host: Host) -> Int { host.name == primary ? 1 : host.roles.areOfBalancerOnly ? 2 : 0 }
        let hosts = applied.stack.hosts.enumerated().sorted {
            (rank($0.element), $0.offset) < (rank($1.element), $1.offset)
        }.map(\.element)
        all = try hosts.flatMap { host in
            try AppliedHost.load(host: host.name, folder: folder).blueprint(host: host.name, folder: folder)
                .services.map { Target(host: host, service: $0) }
        }
    }

    /// - Throws: `Failure` with status 2 for a name that nothing has.
    package func resolve(_ names: [String]) throws -> [Target] {
        var chosen: [Target] = []
        for name in names {
            let found = all.filter { matches($0, name) }
            guard !found.isEmpty else { throw unknown(name) }
            chosen += found.filter { !chosen.contains($0) }
        }
        return all.filter(chosen.contains)
    }

    private func matches(_ target: Target, _ name: String) -> Bool {
        let service = target.service
        func isService(_ word: some StringProtocol) -> Bool {
            service.statusName == word || service.name.rawValue == word
        }
        let parts = name.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2 { return target.host.name == parts[0] && isService(parts[1]) }
        return target.host.name == name || isService(name)
    }

    private func unknown(_ name: String) -> Failure {
        var names: [String] = []
        for word in all.map(\.service.statusName) + all.map(\.host.name) where !names.contains(word) {
            names.append(word)
        }
        let pairs = all.map { "\($0.host.name)/\($0.service.statusName)" }
        let near = NearestWord.find(name, among: name.contains("/") ? pairs : names)
        return Failure(
            .usage,
            "there is no service or host named '\(Terminal.printable(name))'"
                + (near.map { "; did you mean '\($0)'?" } ?? "") + "\nThere are: \(names.joined(separator: ", "))")
    }
}
