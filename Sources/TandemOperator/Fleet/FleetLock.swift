import Foundation
import Synchronization
import TandemBlueprint
import TandemFleet
import TandemStack

/// The right of one operator to change a stack: a lock on each of its hosts, always in the same order, for as long as
/// this process lives.
actor FleetLock {
    private var holders: [Process] = []

    /// Ends with its reader: a connection that is cut frees the lock.
    private static let script = """
        mkdir -p -m 700 "$1"
        exec 9>>"$1/lock"
        if ! flock -n 9; then
            printf 'taken %s\\n' "$(tail -n 1 "$1/lock")"
            exit
        fi
        printf '%s\\n' "$2" >"$1/lock"
        echo ours
        exec cat >/dev/null
        """

    /// Does `body` while nobody else can change the stack.
    /// - Parameter sessions: by the host's name.
    static func holding<R: Sendable>(
        _ hosts: FleetHosts, _ sessions: [String: HostSession], _ body: (FleetLock) async throws -> R
    ) async throws -> R {
        let lock = FleetLock()
        try await lock.take(
            hosts.stack.hosts.compactMap { sessions[$0.name] }, places: hosts.places, name: operatorName)
        do {
            let result = try await body(lock)
            await lock.release()
            return result
        } catch {
            await lock.release()
            throw error
        }
    }

    /// - Throws: `Failure` that says who has it.
    func take(_ sessions: [HostSession], places: HostPlaces, name: String) throws {
        for session in sessions {
            let holder = session.process(["/bin/sh", "-c", Self.script, "sh", places.operatorFolder, name])
            let output = Pipe()
            holder.standardInput = Pipe()
            holder.standardOutput = output
            try holder.run()
            holders.append(holder)
            let answer = Self.line(output.fileHandleForReading)
            guard answer == "ours" else {
                release()
                guard answer.hasPrefix("taken ") else {
                    throw Failure(
                        .failed, "\(session.host.name) does not say whether somebody else is changing the stack")
                }
                throw Failure(
                    .failed,
                    "the stack is being changed by \(Terminal.printable(String(answer.dropFirst("taken ".count)))); wait for it, or end it there"
                )
            }
        }
    }

    private static func line(_ handle: FileHandle) -> String {
        var bytes: [UInt8] = []
        while bytes.count < 500, let data = try? handle.read(upToCount: 1), let byte = data.first,
            byte != UInt8(ascii: "\n")
        {
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    func release() {
        for holder in holders {
            try? (holder.standardInput as? Pipe)?.fileHandleForWriting.close()
            holder.waitUntilExit()
        }
        holders = []
    }

    /// Who is at it, for the other one.
    static var operatorName: String {
        let user = ProcessInfo.processInfo.environment["USER"] ?? "user \(getuid())"
        return "\(user) on \(ProcessInfo.processInfo.hostName), since \(Date().ISO8601Format())"
    }
}
