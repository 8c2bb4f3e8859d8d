import Foundation
import TandemStack

extension ConfirmedChange {
    /// How a change ended.
    public enum Ending: Sendable, Equatable {
        case confirmed
        /// The host has what it had before, with the reason.
        case undone(String)
    }

    /// A change that was not begun, or of which nobody knows how it ended.
    public struct Failure: Error, CustomStringConvertible, Sendable, Equatable {
        public enum Kind: Sendable, Equatable {
            /// Nothing was changed.
            case refused
            /// The host does not answer: by itself it undoes the change, if it was made at all.
            case unknown
        }

        public var kind: Kind
        public var description: String
    }

    /// Whether the host has all of it already, so that there is nothing to change.
    public func isInPlace(on session: HostSession) async throws -> Bool {
        var lines = files.map { file in
            let path = ShellWord.quoted(file.path)
            return switch file.content {
            case .text(let text, _):
                "[ ! -L \(path) ] && printf '%s' \(ShellWord.quoted(text)) | cmp -s - \(path) || exit 1"
            case .link(let target): "[ \"$(readlink \(path))\" = \(ShellWord.quoted(target)) ] || exit 1"
            case .absent: "[ ! -e \(path) ] && [ ! -L \(path) ] || exit 1"
            }
        }
        lines.append("{ \(script.holds)\n} > /dev/null 2>&1")
        return try await session.run(["/bin/sh", "-s"], input: Array(lines.joined(separator: "\n").utf8)).status == 0
    }

    /// Makes the change, comes in anew over a connection of its own, and confirms it; or sees to it that the host has
    /// undone it.
    ///
    /// Where the operator's machine dies meanwhile, the host undoes the change by itself.
    /// - Parameter prove: looks over the new connection whether the change may stay; what it throws is the reason why
    ///   not.
    public func carryOut(
        on session: HostSession, prove: @Sendable (HostSession) async throws -> Void = { _ in }
    ) async throws -> Ending {
        let identity = String(UUID().uuidString.filter(\.isHexDigit).prefix(12)).lowercased()
        let place = session.host.name
        let staged = try await session.run(
            ["/bin/sh", "-s"], input: Array(staging(identity: identity).utf8), seconds: 130)
        guard staged.status == 0 else {
            throw Failure(kind: .refused, description: "\(name) of \(place) stays as it is: \(staged.errors)")
        }
        let clock = ContinuousClock()
        let end = clock.now + .seconds(undoAfterSeconds)
        do {
            let begun = try await session.run(
                ["/bin/sh", "\(Self.folder)/staged/host", "begin", "\(undoAfterSeconds)"],
                seconds: undoAfterSeconds + 30)
            if begun.status != 0 {
                return try await ended(identity, session, because: begun.errors, until: end)
            }
        } catch is ReachError {
            // The connection may be the first thing that the change has cut; a new one tells.
        }
        var reason = "no new connection came about within \(undoAfterSeconds) s"
        while clock.now < end - .seconds(1) {
            do {
                try await confirm(identity, session, prove)
                return .confirmed
            } catch is Undone {
                return .undone(reason)
            } catch let error as ReachError {
                reason = error.text
            } catch {
                reason = "\(error)"
                break
            }
            try await Task.sleep(for: .milliseconds(300))
        }
        return try await ended(identity, session, because: reason, until: end)
    }

    /// The host had undone it already: the connection came about only thereby.
    private struct Undone: Error {}

    private func confirm(
        _ identity: String, _ session: HostSession, _ prove: @Sendable (HostSession) async throws -> Void
    ) async throws {
        // Not over the connection that is there: that one may live on while no other can be made.
        let fresh = try await HostSession.open(session.host, session.line.unshared)
        try await prove(fresh)
        let outcome = try await fresh.run(["/bin/sh", "\(Self.folder)/pending/host", "confirm", identity], seconds: 20)
        guard outcome.status != 0 else { return }
        // An answer that was lost may have been a confirmation.
        switch try await state(identity, fresh) {
        case "confirmed": return
        case "undone": throw Undone()
        default: throw Failure(kind: .unknown, description: outcome.errors)
        }
    }

    private func state(_ identity: String, _ session: HostSession) async throws -> String? {
        let script =
            "cd \(Self.folder) && for at in pending ended; do [ -e $at/host ] && exec /bin/sh $at/host state; done"
        let words = try await session.run(["/bin/sh", "-c", script]).output.split(whereSeparator: \.isWhitespace)
        guard words.count == 2, words[0] == identity else { return nil }
        return String(words[1])
    }

    /// Has the host undo it now where it can still be told, and waits until it has.
    private func ended(
        _ identity: String, _ session: HostSession, because reason: String, until end: ContinuousClock.Instant
    ) async throws -> Ending {
        let undo = ["/bin/sh", "\(Self.folder)/pending/host", "undo", identity]
        _ = try? await session.run(undo, seconds: 10)
        let clock = ContinuousClock()
        // Its own timer needs a moment, and what it starts does.
        let latest = end + .seconds(40)
        repeat {
            if let fresh = try? await HostSession.open(session.host, session.line.unshared),
                let state = try? await state(identity, fresh)
            {
                if state == "undone" { return .undone(reason) }
                if state == "confirmed" { return .confirmed }
            }
            try await Task.sleep(for: .milliseconds(500))
        } while clock.now < latest
        throw Failure(
            kind: .unknown,
            description:
                "\(name) of \(session.host.name) was changed, could not be confirmed (\(reason)), and the host has not said "
                + "since that it has undone it. Log in on its console: \(Self.folder)/last says how it ended")
    }
}

extension SSHCommandLine {
    /// A connection of its own for each command.
    public var unshared: SSHCommandLine {
        var line = self
        line.controlSocket = "none"
        return line
    }
}
