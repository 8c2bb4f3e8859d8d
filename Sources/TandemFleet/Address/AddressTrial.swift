public import TandemStack

/// Proves that an address of the front moves: has the balancer that holds it let go, looks from a third host for how
/// long nobody answers there, and lets it come back in the same way.
///
/// The stack serves meanwhile; connections to the address are cut, twice.
public struct AddressTrial: Sendable {
    /// One way of the address, from one balancer to another one.
    public struct Move: Sendable, Equatable, Codable {
        public var from: String
        public var to: String
        /// The longest time in which no connection came about.
        public var silenceMilliseconds: Int
        /// Connections that were tried, each a few milliseconds after the last, and those that did not come about.
        public var tried: Int
        public var failed: Int

        public init(from: String, to: String, silenceMilliseconds: Int, tried: Int, failed: Int) {
            self.from = from
            self.to = to
            self.silenceMilliseconds = silenceMilliseconds
            self.tried = tried
            self.failed = failed
        }
    }

    /// Why there is no proof.
    public enum Problem: Error, Sendable, Equatable {
        /// No balancer has the address.
        case nowhere
        /// Several have it at once: they do not hear each other's adverts.
        case twice([String])
        /// The one that had it has let go, and nobody has taken it.
        case stays(from: String)
        /// It is on another balancer, and there no connection came about.
        case silent(to: String, asked: String)
        /// Before anything was moved: nobody answered there.
        case unanswered(by: String, asked: String)
        /// No host besides the balancers could look.
        case noWitness
        /// A host could not be asked.
        case unreached(String, String)

        public var description: String {
            switch self {
            case .nowhere: "no balancer has it"
            case .twice(let hosts):
                "\(hosts.joined(separator: " and ")) have it at once: they do not hear each other's adverts"
            case .stays(let host): "\(host) has let it go, and no other balancer has taken it"
            case .silent(let host, let witness):
                "\(host) has taken it, and \(witness) still gets no connection to it: the network does not let addresses move"
            case .unanswered(let host, let witness): "\(host) has it, and \(witness) gets no connection to it"
            case .noWitness: "there is no host besides the balancers that could look whether it answers"
            case .unreached(let host, let reason): "\(host): \(reason)"
            }
        }
    }

    public var address: MovingAddress
    /// Where the address answers.
    public var port: Int
    /// Those that may have it, connected.
    public var balancers: [HostSession]
    /// Another host in the same network, connected.
    public var witness: HostSession
    /// keepalived's unit on a host.
    public var unit: @Sendable (Host) -> String

    public init(
        address: MovingAddress, port: Int, balancers: [HostSession], witness: HostSession,
        unit: @escaping @Sendable (Host) -> String
    ) {
        self.address = address
        self.port = port
        self.balancers = balancers
        self.witness = witness
        self.unit = unit
    }

    /// How long the address is watched for each move.
    private static let watchSeconds = 8
    /// How long the next balancer may take.
    private static let takeSeconds = 5

    /// There and back again.
    public func run() async throws(Problem) -> [Move] {
        let there = try await move(from: try await holder())
        // Whoever let it go is well again, and hears adverts, before it is to take it.
        do { try await Task.sleep(for: .seconds(3)) } catch { throw .unreached(witness.host.name, "\(error)") }
        let now = try await holder()
        guard now.host.name != there.from else { return [there] }
        return [there, try await move(from: now)]
    }

    private func holder() async throws(Problem) -> HostSession {
        var holders: [HostSession] = []
        for balancer in balancers where try await has(balancer) { holders.append(balancer) }
        guard let first = holders.first else { throw .nowhere }
        guard holders.count == 1 else { throw .twice(holders.map(\.host.name)) }
        return first
    }

    private func has(_ balancer: HostSession) async throws(Problem) -> Bool {
        let shown = try await ask(balancer, ["ip", "-4", "-o", "address", "show", "to", "\(address.address)/32"])
        return !shown.isEmpty
    }

    private func move(from balancer: HostSession) async throws(Problem) -> Move {
        let before = try await watch(milliseconds: 300)
        guard before.tried > before.failed else {
            throw .unanswered(by: balancer.host.name, asked: witness.host.name)
        }
        let unit = unit(balancer.host)
        async let watched = watchResult(milliseconds: Self.watchSeconds * 1000)
        // The witness has begun by then.
        try? await Task.sleep(for: .seconds(1))
        let stopped = await attempt { () async throws(Problem) in try await ask(balancer, ["systemctl", "stop", unit]) }
        let taken = await attempt { () async throws(Problem) in try await taker(other: balancer) }
        let seen = await watched
        // Whatever came of it: keepalived runs again.
        _ = try await ask(balancer, ["systemctl", "start", unit])
        _ = try stopped.get()
        let to = try taken.get()
        let watch = try seen.get()
        guard let to else { throw .stays(from: balancer.host.name) }
        guard watch.answersAtEnd else { throw .silent(to: to, asked: witness.host.name) }
        return Move(
            from: balancer.host.name, to: to, silenceMilliseconds: watch.silenceMilliseconds, tried: watch.tried,
            failed: watch.failed)
    }

    private func taker(other balancer: HostSession) async throws(Problem) -> String? {
        let end = ContinuousClock.now + .seconds(Self.takeSeconds)
        repeat {
            for other in balancers where other.host.name != balancer.host.name {
                if try await has(other) { return other.host.name }
            }
            try? await Task.sleep(for: .milliseconds(100))
        } while ContinuousClock.now < end
        return nil
    }

    // MARK: - The witness

    struct Watched: Sendable, Equatable {
        var tried: Int
        var failed: Int
        var silenceMilliseconds: Int
        var answersAtEnd: Bool

        /// As the script below says it.
        init?(_ text: String) {
            let numbers = text.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
            guard numbers.count == 4 else { return nil }
            (tried, failed, silenceMilliseconds, answersAtEnd) = (numbers[0], numbers[1], numbers[2], numbers[3] == 1)
        }
    }

    /// A connection after the other, with what every Debian has. One that is not there after a fifth of a second is
    /// given up.
    private static let script = """
        end=$(($(date +%s%N) / 1000000 + $3)); tried=0; failed=0; longest=0; last=$(($(date +%s%N) / 1000000)); fine=0
        while now=$(($(date +%s%N) / 1000000)) && [ $now -lt $end ]; do
            tried=$((tried + 1))
            if timeout 0.2 bash -c ": < /dev/tcp/$1/$2" 2> /dev/null; then
                now=$(($(date +%s%N) / 1000000)); fine=1
                [ $((now - last)) -le $longest ] || longest=$((now - last))
                last=$now
            else
                failed=$((failed + 1)); fine=0
            fi
        done
        [ $fine = 1 ] || longest=$((now - last))
        echo $tried $failed $longest $fine
        """

    private func watch(milliseconds: Int) async throws(Problem) -> Watched {
        try await watchResult(milliseconds: milliseconds).get()
    }

    private func watchResult(milliseconds: Int) async -> Result<Watched, Problem> {
        await attempt { () async throws(Problem) in
            let words = ["/bin/sh", "-c", Self.script, "watch", address.address, "\(port)", "\(milliseconds)"]
            let text = try await ask(witness, words)
            guard let watched = Watched(text) else { throw .unreached(witness.host.name, "it said '\(text)'") }
            return watched
        }
    }

    private func attempt<R: Sendable>(_ body: () async throws(Problem) -> R) async -> Result<R, Problem> {
        do throws(Problem) { return .success(try await body()) } catch { return .failure(error) }
    }

    @discardableResult
    private func ask(_ session: HostSession, _ command: [String]) async throws(Problem) -> String {
        let outcome: HostSession.Outcome
        do {
            outcome = try await session.run(command, seconds: Self.watchSeconds + 20)
        } catch {
            throw .unreached(session.host.name, (error as? ReachError)?.text ?? "\(error)")
        }
        guard outcome.status == 0 else { throw .unreached(session.host.name, outcome.errors) }
        return outcome.output
    }
}

extension AddressTrial {
    /// The trial of every address that moves, as far as the hosts can be reached.
    /// - Parameter unit: keepalived's unit on a host.
    public static func ofFront(
        _ fleet: Fleet, unit: @escaping @Sendable (Host) -> String
    ) async -> [(address: MovingAddress, result: Result<[Move], Problem>)] {
        let stack = fleet.stack
        let sessions = await fleet.onEach { $0 }
        func session(_ host: Host) throws(Problem) -> HostSession {
            switch sessions.first(where: { $0.host.name == host.name })?.result {
            case .success(let session): return session
            case .failure(let error): throw .unreached(host.name, (error as? ReachError)?.text ?? "\(error)")
            case nil: throw .unreached(host.name, "it is no host of the stack")
            }
        }
        var results: [(address: MovingAddress, result: Result<[Move], Problem>)] = []
        for address in stack.frontAddresses {
            do throws(Problem) {
                var balancers: [HostSession] = []
                for host in stack.hosts(.balancer) { balancers.append(try session(host)) }
                let others = stack.hosts.filter { !$0.has(.balancer) }
                guard let witness = others.lazy.compactMap({ try? session($0) }).first else { throw .noWitness }
                let trial = AddressTrial(
                    address: address, port: stack.balancer.httpsPort.number, balancers: balancers, witness: witness,
                    unit: unit)
                results.append((address, .success(try await trial.run())))
            } catch {
                results.append((address, .failure(error)))
            }
        }
        return results
    }
}
