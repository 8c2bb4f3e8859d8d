import class Foundation.FileManager
import Glibc
public import TandemStack

/// The hosts of a stack as the operator's machine reaches them: one connection for each host, for as long as one
/// command takes.
public struct Fleet: Sendable {
    public let stack: Stack
    /// Where the connections' sockets lie: of this user alone.
    private let folder: String

    /// Connections that are asked for at once; a thousand processes would help nobody.
    public static let widestReach = 16

    /// Ends the connections afterwards, whatever becomes of `body`.
    public static func with<R: Sendable>(
        _ stack: Stack, _ body: @Sendable (Fleet) async throws -> R
    ) async throws -> R {
        var template = Array("/tmp/tandem-ssh-XXXXXX".utf8CString)
        // Short, because a socket's path may have 104 characters.
        guard let made = mkdtemp(&template) else {
            throw FleetError("cannot make a folder below /tmp: \(String(cString: strerror(errno)))")
        }
        let fleet = Fleet(stack: stack, folder: String(cString: made))
        do {
            let result = try await body(fleet)
            await fleet.close()
            return result
        } catch {
            await fleet.close()
            throw error
        }
    }

    public func line(to host: Host) -> SSHCommandLine {
        SSHCommandLine(
            destination: stack.ssh.destination(of: host), configuration: stack.ssh.configuration,
            // By its name: a host that leaves the stack is none of its hosts any more. Short, see above.
            controlSocket: "\(folder)/\(StableHash.hex32(host.name))")
    }

    /// Does the same for every host, for many at once. One host's failure is no other's.
    /// - Parameter isWanted: which hosts.
    /// - Returns: in the order of the hosts.
    public func onEach<R: Sendable>(
        only isWanted: (Host) -> Bool = { _ in true },
        _ body: @escaping @Sendable (HostSession) async throws -> R
    ) async -> [(host: Host, result: Result<R, any Error>)] {
        await Self.inParallel(stack.hosts.filter(isWanted)) { host in
            do {
                return .success(try await body(try await HostSession.open(host, line(to: host))))
            } catch {
                return .failure(error)
            }
        }
    }

    private func close() async {
        let sockets = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).map { "\(folder)/\($0)" }
        await withDiscardingTaskGroup { group in
            for socket in sockets {
                // The socket says which connection is meant; the name of a host is there for the form's sake.
                let line = SSHCommandLine(
                    destination: SSHDestination(name: "host"), configuration: stack.ssh.configuration,
                    controlSocket: socket)
                group.addTask { await HostSession.close(line) }
            }
        }
        for socket in sockets { unlink(socket) }
        rmdir(folder)
    }

    private static func inParallel<R: Sendable>(
        _ hosts: [Host], _ body: @escaping @Sendable (Host) async -> Result<R, any Error>
    ) async -> [(host: Host, result: Result<R, any Error>)] {
        await withTaskGroup(of: (Int, Result<R, any Error>).self) { group in
            var results: [(Int, Result<R, any Error>)] = []
            for (index, host) in hosts.enumerated() {
                if index >= widestReach, let done = await group.next() { results.append(done) }
                group.addTask { (index, await body(host)) }
            }
            for await done in group { results.append(done) }
            return results.sorted { $0.0 < $1.0 }.map { (hosts[$0.0], $0.1) }
        }
    }
}

/// What went wrong on this machine itself.
public struct FleetError: Error, CustomStringConvertible, Sendable {
    public var description: String

    init(_ description: String) { self.description = description }
}
