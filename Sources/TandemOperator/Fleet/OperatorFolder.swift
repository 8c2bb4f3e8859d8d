import Foundation
import TandemBlueprint
import TandemFleet
import TandemStack

/// What operators leave on every host, so that any of them, and any other machine, can go on.
struct OperatorFolder: Sendable {
    let hosts: FleetHosts

    func copy(from source: Host, to targets: [Host]) async throws {
        let folder = hosts.places.operatorFolder
        let session = try await hosts.session(source)
        // Through a text, since output is text. Locks belong to a host.
        let pack = "tar --create --gzip --directory \"$1\" --exclude ./lock --exclude ./change.lock . | base64 -w 0"
        let outcome = try await session.run(
            ["/bin/sh", "-c", pack, "sh", folder], outputLimitBytes: 64 << 20, seconds: 60)
        guard outcome.status == 0, let archive = Data(base64Encoded: outcome.output) else {
            throw Failure(.failed, "cannot read \(folder) of \(source.name): \(outcome.errors)")
        }
        let unpack = """
            set -e
            umask 077
            mkdir -p "$1"
            rm -rf "$1.new" && mkdir "$1.new"
            tar --extract --gzip --directory "$1.new"
            sync -f "$1.new"
            for name in lock change.lock; do [ ! -e "$1/$name" ] || cp -al "$1/$name" "$1.new/"; done
            rm -rf "$1.old" && mv -T "$1" "$1.old" && mv -T "$1.new" "$1" && rm -rf "$1.old"
            """
        try await hosts.onEach("leave the stack's settings", only: targets.filter { $0.name != source.name }) {
            session in
            try await session.script(unpack, [folder], input: Array(archive))
        }
    }
}
