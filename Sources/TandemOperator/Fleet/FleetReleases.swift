import Foundation
import TandemAgent
import TandemBlueprint
import TandemFleet
import TandemStack

/// Which versions of the app the hosts keep.
package struct FleetReleases: Sendable {
    package let hosts: FleetHosts

    package init(hosts: FleetHosts) { self.hosts = hosts }

    /// `--format json` gives it as it is.
    struct Report: Codable, Equatable {
        struct Release: Codable, Equatable {
            var identifier: String
            /// When it was first taken up, or again, ISO 8601.
            var since: String
            var isCurrent: Bool
        }
        var stack: String
        /// The newest first.
        var releases: [Release]
    }

    package func list(isJSON: Bool) async throws {
        let state = try await state(hosts.anySession())
        let report = Report(
            stack: hosts.stack.name,
            releases: state.releases.enumerated().map {
                .init(identifier: $0.element.identifier, since: $0.element.since, isCurrent: $0.offset == 0)
            })
        if isJSON { return print(try JSONText.encode(report, keys: .convertToSnakeCase), terminator: "") }
        for release in report.releases {
            print("\(release.isCurrent ? "●" : "○") \(release.identifier)  since \(release.since)")
        }
    }

    /// What operators noted on that host.
    /// - Throws: `Failure` with status 4 where the stack was never started.
    package func state(_ session: HostSession) async throws -> FleetState {
        let outcome = try await session.run(["cat", "\(hosts.places.operatorFolder)/fleet.json"])
        guard outcome.status == 0,
            let state = try? JSONDecoder().decode(FleetState.self, from: Data(outcome.output.utf8))
        else {
            throw Failure(
                .notRunning, "the stack '\(hosts.stack.name)' is not on its hosts yet; start it with: tandem up")
        }
        return state
    }

    /// - Parameter wanted: its beginning; nil: the one before the one that runs.
    static func chosen(_ wanted: String?, of state: FleetState) throws -> String {
        let known = state.releases.map(\.identifier)
        guard let wanted else {
            guard known.count > 1 else {
                throw Failure(.failed, "there is no earlier version of the app to go back to; see: tandem releases")
            }
            return known[1]
        }
        let found = known.filter { $0.hasPrefix(wanted) }
        guard found.count == 1, !wanted.isEmpty else {
            throw Failure(
                .usage,
                "\(found.isEmpty ? "there is no version" : "there are several versions") '\(Terminal.printable(wanted))'; there are: "
                    + known.joined(separator: ", "))
        }
        return found[0]
    }

    /// Deletes the files of versions that are kept no longer. As the account that they belong to.
    func prune(_ kept: [String]) async throws {
        guard !kept.isEmpty else { return }
        let account = StackAccount(stack: hosts.stack.name).name
        let places = hosts.places
        let script = """
            cd "$1" || exit
            shift
            for name in *; do
                [ -d "$name" ] || continue
                case " $* " in *" $name "*) ;; *) rm -rf -- "$name" ;; esac
            done
            """
        let wanted = hosts.stack.hosts.filter { $0.has(.app) || $0.has(.web) }
        try await hosts.onEach("delete earlier versions of the app", only: wanted) { session in
            try await session.script(
                "exec setpriv --reuid=\"$0\" --regid=\"$0\" --clear-groups --no-new-privs /bin/sh -c \"$@\"",
                shellName: account, [script, "prune", places.releases] + kept)
        }
    }
}
