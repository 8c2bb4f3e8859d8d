import MySQLConnector
import TandemTopology
import Testing

@testable import TandemMySQL

private let a = "3e11fa47-71ca-11e1-9e33-c80aa9429562"
private let b = "7c44e2a1-71ca-11e1-9e33-c80aa9429563"

private func server(
    _ name: String, serves: Bool = true, lag: Double? = 0, uuid: String? = nil
) -> ClusterView.Server {
    .init(
        name: name, address: .tcp(host: name, port: 3306), uuid: uuid, servesReads: serves, lagSeconds: lag)
}

private func view(
    epoch: Int = 1, primary: String? = "one", takesWrites: Bool = true,
    _ servers: [ClusterView.Server] = [server("one"), server("two")]
) -> ClusterView {
    ClusterView(epoch: epoch, primary: primary, takesWrites: takesWrites, servers: servers)
}

private func token(_ text: String) -> MySQLSessionToken? { MySQLSessionToken(text) }

extension RoutingState {
    fileprivate mutating func learn(_ view: ClusterView) -> Change? { learn(view, at: .zero) }

    /// Reads one after the other, each answered before the next; the servers' names.
    fileprivate mutating func reads(_ count: Int, after token: MySQLSessionToken? = nil) -> [String] {
        (0..<count).compactMap { _ in
            guard case .server(let name, _) = read(after: token, at: .zero) else { return nil }
            finishedRead(name, .answered(has: nil), at: .zero)
            return name
        }
    }
}

@Suite("Where reads and writes go")
struct RoutingTests {
    private func state(_ first: ClusterView, weights: [String: Double] = [:]) -> RoutingState {
        var state = RoutingState(options: .init(weights: weights))
        _ = state.learn(first)
        return state
    }

    @Test("reads go to all in turn, writes to the primary")
    func turns() {
        var state = state(view())
        let reads = state.reads(10)
        #expect(reads.count { $0 == "one" } == 5 && reads.count { $0 == "two" } == 5)
        #expect(state.write() == .server("one", epoch: 1))
    }

    @Test("weights share out the reads; with 0 a server is asked when no other is left")
    func weights() {
        var state = state(view(), weights: ["one": 1, "two": 3])
        #expect(state.reads(40).count { $0 == "two" } == 30)
        var other = self.state(view(), weights: ["one": 0])
        #expect(Set(other.reads(10)) == ["two"])
        _ = other.learn(view([server("one"), server("two", serves: false)]))
        #expect(Set(other.reads(10)) == ["one"])
    }

    @Test("the one with the least to do is asked")
    func leastOutstanding() {
        var state = state(view())
        guard case .server(let busy, _) = state.read(at: .zero) else { return #expect(Bool(false)) }
        for _ in 0..<5 {
            guard case .server(let name, _) = state.read(at: .zero) else { return #expect(Bool(false)) }
            #expect(name != busy)
            state.finishedRead(name, .answered(has: nil), at: .zero)
        }
    }

    @Test("a server that fails is left out for a while that doubles, and comes back")
    func suspension() {
        var state = state(view())
        var now = Duration.zero
        for expected in [50, 100, 200] {
            while case .server(let name, _) = state.read(at: now), name != "two" {
                state.finishedRead(name, .answered(has: nil), at: now)
            }
            state.finishedRead("two", .failed, at: now)
            #expect(state.read(at: now + .milliseconds(expected - 1)) == .server("one", awaiting: nil))
            state.finishedRead("one", .answered(has: nil), at: now)
            now += .milliseconds(expected)
        }
        var names: Set<String> = []
        for _ in 0..<4 {
            guard case .server(let name, _) = state.read(at: now) else { continue }
            names.insert(name)
            state.finishedRead(name, .answered(has: nil), at: now)
        }
        #expect(names == ["one", "two"])
    }

    @Test("when all have failed, one is asked all the same")
    func allFailed() {
        var state = state(view())
        for name in ["one", "two"] { state.finishedRead(name, .failed, at: .zero) }
        #expect(state.read(at: .zero) != .hold)
        #expect(state.read(tried: ["one", "two"], at: .zero) != .hold)
    }

    @Test("a replica that is too far behind is left out, and asked again when it has caught up")
    func lag() {
        var state = state(view([server("one"), server("two", serves: false, lag: 30)]))
        #expect(Set(state.reads(6)) == ["one"])
        _ = state.learn(view())
        #expect(Set(state.reads(6)) == ["one", "two"])
    }

    @Test("nobody known, nobody serving: hold")
    func nobody() {
        var empty = RoutingState()
        #expect(empty.read(at: .zero) == .hold && empty.write() == .hold)
        var closed = state(view(takesWrites: false, [server("one", serves: false), server("two", serves: false)]))
        #expect(closed.read(at: .zero) == .hold && closed.write() == .hold)
    }

    @Test("a strong read goes to the primary alone")
    func strong() {
        var state = state(view())
        for _ in 0..<4 { #expect(state.read(strong: true, at: .zero) == .server("one", awaiting: nil)) }
        _ = state.learn(view(primary: nil))
        #expect(state.read(strong: true, at: .zero) == .hold)
    }
}

@Suite("Reading one's writes")
struct ConsistencyRoutingTests {
    private func state(_ first: ClusterView) -> RoutingState {
        var state = RoutingState()
        _ = state.learn(first)
        return state
    }

    /// The server's answer to a read after the token.
    private func ask(_ name: String, _ state: inout RoutingState, _ token: MySQLSessionToken?) -> GTIDPosition?? {
        for _ in 0..<4 {
            guard case .server(let found, let awaiting) = state.read(after: token, at: .zero) else { return nil }
            state.finishedRead(found, .other, at: .zero)
            if found == name { return .some(awaiting) }
        }
        return nil
    }

    @Test("the primary of the token's epoch, or a later one, has it; a replica is asked to wait")
    func epochs() {
        var state = state(view(epoch: 3))
        for text in ["3;\(a):8", "2;\(a):8"] {
            #expect(ask("one", &state, token(text)) == .some(nil))
            #expect(ask("two", &state, token(text)) == .some(GTIDPosition("\(a):8")))
        }
        // Somebody has been primary whom we have not heard of.
        #expect(ask("one", &state, token("4;\(a):8")) == .some(GTIDPosition("\(a):8")))
    }

    @Test("where nobody counts epochs, who began a transaction has it")
    func sources() {
        var state = state(view(epoch: 0, [server("one", uuid: a), server("two", uuid: b)]))
        #expect(ask("one", &state, token("0;\(a):8")) == .some(nil))
        #expect(ask("two", &state, token("0;\(a):8")) == .some(GTIDPosition("\(a):8")))
        #expect(ask("one", &state, token("0;\(b):1")) == .some(GTIDPosition("\(b):1")))
    }

    @Test("what a server is known to have is not waited for again, until it has failed or was away")
    func known() {
        var state = state(view())
        state.finishedRead("two", .answered(has: GTIDPosition("\(a):8")), at: .zero)
        #expect(ask("two", &state, token("1;\(a):7")) == .some(nil))
        #expect(ask("two", &state, token("1;\(a):9")) == .some(GTIDPosition("\(a):9")))
        _ = state.learn(view([server("one"), server("two", serves: false)]))
        _ = state.learn(view())
        #expect(ask("two", &state, token("1;\(a):7")) == .some(GTIDPosition("\(a):7")))
    }

    @Test("a replica that did not catch up in time is left alone for a while by those who would wait, not by others")
    func stalled() {
        var state = state(view())
        state.finishedRead("two", .stalled, at: .zero)
        for _ in 0..<4 {
            #expect(state.read(after: token("1;\(a):8"), at: .zero) == .server("one", awaiting: nil))
            state.finishedRead("one", .other, at: .zero)
        }
        #expect(Set(state.reads(4)) == ["one", "two"])
    }

    @Test("news from an earlier epoch is no news")
    func oldNews() {
        var state = state(view(epoch: 3))
        #expect(state.learn(view(epoch: 2, primary: "two")) == nil)
        #expect(state.write() == .server("one", epoch: 3))
        #expect(state.learn(view(epoch: 4, primary: "two")) != nil)
        #expect(state.write() == .server("two", epoch: 4))
    }

    @Test("an earlier epoch that is all that is heard for ten seconds is believed: the later one was a lie")
    func lie() {
        var state = state(view(epoch: 3))
        _ = state.learn(view(epoch: 1 << 30, primary: nil, takesWrites: false), at: .seconds(1))
        #expect(state.write() == .hold)
        for second in [2, 7, 11] { #expect(state.learn(view(epoch: 3), at: .seconds(second)) == nil) }
        #expect(state.learn(view(epoch: 3), at: .seconds(12)) != nil)
        #expect(state.write() == .server("one", epoch: 3))
    }

    @Test("an earlier epoch is not believed while the later one is heard as well")
    func doubt() {
        let later = view(epoch: 4, primary: "two")
        var state = state(later)
        for second in stride(from: 0, to: 60, by: 6) {
            #expect(state.learn(view(epoch: 3), at: .seconds(second)) == nil)
            #expect(state.learn(later, at: .seconds(second + 3)) == nil)
        }
        #expect(state.write() == .server("two", epoch: 4))
    }

    @Test("an epoch that nobody can have counted to is no agent's")
    func implausible() {
        func topology(_ epoch: Int) -> Topology {
            Topology(stack: "shop", epoch: epoch, primary: "one", sync: .solo, members: [])
        }
        for epoch in [0, 1, 1_000_000] { #expect(AgentWatcher.isPlausible(topology(epoch))) }
        for epoch in [-1, 1 << 60, Int.max] { #expect(!AgentWatcher.isPlausible(topology(epoch))) }
    }

    @Test("connections to a server that is about to go end before it cuts them, and there are none until it is back")
    func leaving() {
        var state = state(view())
        var one = server("one", serves: false)
        one.isLeaving = true
        var change = state.learn(view(takesWrites: false, [one, server("two")]))
        #expect(change?.leaving == [one] && change?.lost == [] && change?.returned == [])
        one.isReachable = false
        change = state.learn(view(takesWrites: false, [one, server("two")]))
        #expect(change?.lost == [one] && change?.leaving == [])
        one.isLeaving = false
        change = state.learn(view(epoch: 2, primary: "two", [one, server("two")]))
        #expect(change?.returned == [], "it does not answer yet")
        change = state.learn(view(epoch: 2, primary: "two"))
        #expect(change?.returned == [server("one")] && change?.added == [])
    }

    @Test("servers that come and go are told apart by name and place")
    func change() {
        var state = RoutingState()
        #expect(state.learn(view())?.added.map(\.name) == ["one", "two"])
        let moved = ClusterView.Server(
            name: "two", address: .tcp(host: "elsewhere", port: 1), uuid: nil, servesReads: true)
        let change = state.learn(view([server("one"), moved]))
        #expect(change?.added == [moved] && change?.removed == ["two"])
        #expect(state.learn(view([server("one"), moved])) == nil)
    }
}

@Suite("What an agent says")
struct TopologyViewTests {
    private func topology(_ state: DatabaseMember.State, replica: DatabaseMember.State, lag: Double?) -> Topology {
        Topology(
            stack: "shop", epoch: 5, primary: "one", sync: .pair,
            members: [
                .init(host: "one", address: "127.0.0.1", port: 3306, role: .primary, state: state),
                .init(host: "two", address: "127.0.0.2", port: 3306, role: .replica, state: replica, lagSeconds: lag),
            ])
    }

    @Test("writes go to an open primary; while it waits for its partner they are not sent")
    func open() {
        let open = ClusterView(topology(.open, replica: .streaming, lag: 0), maximumLagSeconds: 10)
        #expect(open.takesWrites && open.epoch == 5 && open.primary == "one")
        #expect(open.servers.map(\.servesReads) == [true, true])
        let waiting = ClusterView(topology(.waiting, replica: .stopped, lag: nil), maximumLagSeconds: 10)
        #expect(!waiting.takesWrites && waiting.servers.map(\.servesReads) == [true, false])
        #expect(waiting.detail == "one is waiting")
    }

    @Test("the bound on lag is the cluster's own", arguments: [(0.5, true), (2, false)])
    func lag(lag: Double, serves: Bool) {
        let view = ClusterView(topology(.open, replica: .streaming, lag: lag), maximumLagSeconds: 1)
        #expect(view.servers[1].servesReads == serves)
    }

    @Test("without the agent, the one server that takes writes says so itself; silence changes nothing")
    func corrected() {
        let old = view(epoch: 5, takesWrites: false)
        func probe(_ primary: String?) -> ClusterView {
            view(epoch: 0, primary: primary, takesWrites: primary != nil)
        }
        let two = old.corrected(by: probe("two"))
        #expect(two.primary == "two" && two.epoch == 6 && two.takesWrites)
        let one = old.corrected(by: probe("one"))
        #expect(one.primary == "one" && one.epoch == 5 && one.takesWrites)
        #expect(old.corrected(by: probe(nil)) == old)
    }
}

@Suite("What the servers of a list say")
struct ProbedServersTests {
    private let places: [MySQLConfiguration.Address] = [.tcp(host: "one", port: 1), .tcp(host: "two", port: 2)]

    private func answer(_ uuid: String, readOnly: Bool, _ executed: String) -> ProbedServers.Answer {
        .init(uuid: uuid, isReadOnly: readOnly, hasGTIDs: true, executed: GTIDPosition(executed) ?? GTIDPosition())
    }

    @Test("the one that is not read-only is the primary; two are none")
    func primary() {
        var servers = ProbedServers(places, maximumLag: .seconds(5))
        #expect(servers.view(at: .zero).primary == nil)
        servers.answered(0, answer(a, readOnly: true, "\(b):1"), at: .zero)
        servers.answered(1, answer(b, readOnly: false, "\(b):1"), at: .zero)
        let good = servers.view(at: .zero)
        #expect(good.primary == "two:2" && good.takesWrites && good.servers.map(\.servesReads) == [true, true])
        servers.answered(0, answer(a, readOnly: false, "\(b):1"), at: .zero)
        let split = servers.view(at: .zero)
        #expect(!split.takesWrites && split.detail?.contains("one:1 and two:2 all accept writes") == true)
    }

    @Test("one missed answer is forgiven, two are not; what it was stays known")
    func silence() {
        var servers = ProbedServers(places, maximumLag: .seconds(5))
        servers.answered(0, answer(a, readOnly: false, "\(a):1"), at: .zero)
        servers.failed(0, "refused")
        #expect(servers.view(at: .zero).takesWrites)
        servers.failed(0, "refused")
        let gone = servers.view(at: .zero)
        #expect(!gone.takesWrites && gone.primary == "one:1" && !gone.servers[0].servesReads)
        #expect(gone.detail == "one:1: refused")
    }

    @Test("lag is the age of the first position of the primary that the replica has not reached")
    func lag() {
        var servers = ProbedServers(places, maximumLag: .seconds(5))
        servers.answered(0, answer(a, readOnly: false, "\(a):1-10"), at: .seconds(1))
        servers.answered(1, answer(b, readOnly: true, "\(a):1-10"), at: .seconds(1))
        #expect(servers.view(at: .seconds(3)).servers[1].lagSeconds == 0)
        servers.answered(0, answer(a, readOnly: false, "\(a):1-20"), at: .seconds(4))
        servers.answered(0, answer(a, readOnly: false, "\(a):1-30"), at: .seconds(6))
        servers.answered(1, answer(b, readOnly: true, "\(a):1-19"), at: .seconds(7))
        #expect(servers.view(at: .seconds(8)).servers[1].lagSeconds == 4)
        #expect(servers.view(at: .seconds(10)).servers[1].servesReads == false)
        servers.answered(1, answer(b, readOnly: true, "\(a):1-25"), at: .seconds(10))
        #expect(servers.view(at: .seconds(10)).servers[1].lagSeconds == 4)
        #expect(servers.view(at: .seconds(10)).servers[1].servesReads)
    }

    @Test("a server without GTIDs cannot be waited for, and is not used")
    func withoutGTIDs() {
        var servers = ProbedServers(places, maximumLag: .seconds(5))
        servers.answered(
            0, .init(uuid: a, isReadOnly: false, hasGTIDs: false, executed: GTIDPosition()), at: .zero)
        let view = servers.view(at: .zero)
        #expect(!view.takesWrites && !view.servers[0].servesReads)
        #expect(view.detail?.contains("gtid_mode is not ON") == true)
    }
}

@Suite("What an error says")
struct VerdictTests {
    private func server(_ number: Int) -> MySQLError {
        MySQLError(code: .server, message: "", serverErrorNumber: number)
    }

    private func closed(_ number: Int?) -> MySQLError {
        MySQLError(code: .connectionClosed, message: "", serverErrorNumber: number)
    }

    @Test(
        "a server that lost its role, or is leaving, sends elsewhere", arguments: [1290, 1792, 1836, 3100, 1053, 3032])
    func elsewhere(number: Int) { #expect(Verdict(server(number)) == .elsewhere) }

    @Test("the statement's own fault is final", arguments: [1062, 1064, 1142, 1146, 1213, 1317])
    func final(number: Int) { #expect(Verdict(server(number)) == .final) }

    @Test("a refused log-in is final; a server that cannot be reached is not")
    func connecting() {
        #expect(
            Verdict(MySQLError(code: .connectFailed, message: "", serverErrorNumber: 1045)) == .final)
        #expect(
            Verdict(MySQLError(code: .connectFailed, message: "", serverErrorNumber: 2002)) == .elsewhere)
    }

    @Test("only a commit that was refused, or never sent, is known not to be carried out")
    func commits() {
        for number in [1290, 1836, 3100] { #expect(Verdict.isRefusal(ofCommit: server(number))) }
        for number in [1053, 1317, 1927, 3024, 1180] { #expect(!Verdict.isRefusal(ofCommit: server(number))) }
        #expect(Verdict.wasNotSent(closed(2006)) && Verdict.wasNotSent(closed(nil)))
        #expect(!Verdict.wasNotSent(closed(2013)))
        #expect(Verdict.leavesOpen(closed(2013)) && Verdict.leavesOpen(server(1053)))
        #expect(Verdict.leavesOpen(CancellationError()))
        #expect(!Verdict.leavesOpen(closed(2006)) && !Verdict.leavesOpen(server(1290)))
    }
}
