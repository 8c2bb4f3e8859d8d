import Foundation
import TandemBlueprint
import TandemStack
import Testing

@testable import TandemFleet

@Suite("The trial of an address")
struct AddressTrialTests {
    @Test("What the witness says is read, and anything else is no proof")
    func watched() {
        #expect(AddressTrial.Watched("812 31 334 1\n")?.silenceMilliseconds == 334)
        #expect(AddressTrial.Watched("812 31 334 0\n")?.answersAtEnd == false)
        for text in ["", "1 2 3", "1 2 3 4 5", "sh: not found"] { #expect(AddressTrial.Watched(text) == nil) }
    }
}

/// The generated settings and unit of keepalived on hosts that boot, with the real keepalived.
/// `TANDEM_TEST_KEEPALIVED=1` says that lb1 and lb2 have it, and python3, which stands in for HAProxy.
@Suite(
    "An address on hosts that boot", .serialized,
    .enabled(
        if: LabHosts.hasKeepalived, "skipped: no hosts with keepalived (TANDEM_TEST_LAB, TANDEM_TEST_KEEPALIVED)"))
struct AddressTests {
    private static let address = "10.77.0.99"
    private static let names = ["lb1", "lb2"]

    private static func stack() throws -> Stack {
        let hosts = LabHosts.addresses.sorted { $0.key < $1.key }.map { name, address in
            "  \(name): {address: \(address), roles: [\(names.contains(name) ? "balancer" : "web, app, database")]}\n"
        }
        let text = "stack: trial\napp: {run: x}\nfront: {address: \(address)}\nhosts:\n\(hosts.joined())"
        return try StackFile(text: text, name: "tandem.yaml", folder: "/srv/trial").load()
    }

    private static func unit(_ host: String, _ service: String) -> String { "trial-\(host)-\(service).service" }

    /// - Parameter hears: whether the adverts of the other balancer come from where they are expected.
    private func prepare(_ name: String, hears: Bool = true) async throws -> HostSession {
        try await LabHosts.lab("up", name)
        let session = try await LabHosts.session(name)
        // As HAProxy's own unit, but for the program.
        let balancer = """
            [Service]
            ExecStart=/usr/bin/python3 -m http.server 8404 --directory /srv/trial
            Restart=always
            RestartSec=1

            """
        let haproxy = Self.unit(name, "haproxy")
        let outcome = try await session.run(
            [
                "/bin/sh", "-c",
                "nft flush ruleset; mkdir -p /srv/trial && echo fine > /srv/trial/health && cat > /etc/systemd/system/\(haproxy) "
                    + "&& systemctl daemon-reload && systemctl start \(haproxy)",
            ], input: Array(balancer.utf8))
        try #require(outcome.status == 0, "\(outcome.errors)")
        #expect(try await change(name, hears: hears).carryOut(on: session) == .confirmed)
        return session
    }

    /// Its firewall and its keepalived, as they are generated.
    private func change(_ name: String, hears: Bool) throws -> ConfirmedChange {
        let stack = try Self.stack()
        let host = try #require(stack.hosts.first { $0.name == name })
        let programs = Layout.Programs(
            haproxy: "/x", nginx: "/x", mimeTypes: "/x", mysqld: "/x", mysql: "/x", mysqlBase: "/x",
            mysqlPlugins: "/x")
        let names = EjectedNames(stack: stack.name)
        let leadership = Leadership.fixed(primary: "server1", partner: "server2")
        let ejected = try EjectedHost(
            stack: stack, host: host, names: names, programs: programs, leadership: leadership)
        let blueprint = try HostBlueprint(
            stack: stack, host: host, layout: names.layout(host, programs: programs), leadership: leadership)
        func file(_ ending: String) throws -> ConfirmedChange.File {
            let file = try #require(ejected.files.first { $0.path.hasSuffix(ending) })
            var contents = file.contents
            for (other, address) in LabHosts.addresses where other != name && !hears {
                contents.replace("\(address) min", with: "10.77.0.250 min")
            }
            return .init(path: file.path, content: .text(contents))
        }
        let unit = Self.unit(name, "keepalived")
        let keepalived = ConfirmedChange.keepalived(
            settings: try file("keepalived.conf"),
            check: try #require(blueprint.keepalived?.check), unit: try file("/\(unit)"),
            wantedBy: ["multi-user.target", Self.unit(name, "haproxy")])
        let rules = try #require(ejected.files.first { $0.path == names.firewallFile(host) })
        return .firewall(rules: rules.contents, path: rules.path).adding(keepalived)
    }

    private func shell(_ session: HostSession, _ text: String) async throws -> String {
        try await session.run(["/bin/sh", "-c", text]).output
    }

    private func holders(_ balancers: [HostSession]) async throws -> [String] {
        var names: [String] = []
        for balancer in balancers {
            let shown = try await shell(balancer, "ip -4 -o address show to \(Self.address)/32")
            if !shown.isEmpty { names.append(balancer.host.name) }
        }
        return names
    }

    /// Waits until one balancer has it, of which this is true.
    private func holder(_ balancers: [HostSession], _ isRight: (String) -> Bool = { _ in true }) async throws
        -> HostSession
    {
        let end = ContinuousClock.now + .seconds(30)
        var found: [String] = []
        repeat {
            found = try await holders(balancers)
            if found.count == 1, isRight(found[0]) {
                return try #require(balancers.first { $0.host.name == found[0] })
            }
            try await Task.sleep(for: .milliseconds(100))
        } while ContinuousClock.now < end
        throw Lost(description: "the address is on \(found)")
    }

    private struct Lost: Error, CustomStringConvertible { var description: String }

    private func end(_ balancers: [HostSession]) async throws {
        for balancer in balancers {
            let units = ["haproxy", "keepalived"].map { Self.unit(balancer.host.name, $0) }.joined(separator: " ")
            _ = try await shell(balancer, "systemctl disable --quiet --now \(units)")
        }
        #expect(try await holders(balancers) == [], "who is stopped has it no more")
    }

    @Test(
        "It is there and moves, whether HAProxy is stopped, killed or hangs, or all of keepalived is killed, and is on one host in the end"
    )
    func moves() async throws {
        let balancers = [try await prepare("lb1"), try await prepare("lb2")]
        for (what, command) in [
            ("stopped", "systemctl stop HAPROXY"), ("killed", "systemctl kill -s KILL HAPROXY"),
            ("hangs", "systemctl kill -s STOP HAPROXY"), ("keepalived killed", "kill -9 $(pidof keepalived)"),
        ] {
            let first = try await holder(balancers)
            // Until the other one has seen its HAProxy well.
            try await Task.sleep(for: .seconds(3))
            let name = first.host.name
            let haproxy = Self.unit(name, "haproxy")
            _ = try await shell(first, command.replacing("HAPROXY", with: haproxy))
            let second = try await holder(balancers) { $0 != name }
            #expect(second.host.name != name, "\(what)")
            // It stays there when the first one is well again.
            _ = try await shell(first, "systemctl kill -s CONT \(haproxy); systemctl start \(haproxy)")
            try await Task.sleep(for: .seconds(4))
            #expect(try await holders(balancers) == [second.host.name], "\(what)")
            #expect(
                try await shell(first, "systemctl is-active \(Self.unit(name, "keepalived"))") == "active\n", "\(what)")
        }
        try await end(balancers)
    }

    @Test("Settings that keepalived refuses change nothing, and it goes on with those that it has")
    func refused() async throws {
        let balancers = [try await prepare("lb1"), try await prepare("lb2")]
        let first = try await holder(balancers)
        var change = try change(first.host.name, hears: true)
        let index = try #require(change.files.firstIndex { $0.path.hasSuffix("keepalived.conf") })
        guard case .text(let settings, _) = change.files[index].content else { return }
        change.files[index].content = .text(settings.replacing("advert_int", with: "advert_inn"))
        let error = await #expect(throws: ConfirmedChange.Failure.self) { try await change.carryOut(on: first) }
        #expect(error?.description.contains("advert_inn") == true)
        // And what cannot be confirmed is undone, without the address going anywhere.
        change.files[index].content = .text(settings.replacing("fall 2", with: "fall 3"))
        struct NotYet: Error {}
        let ending = try await change.carryOut(on: first) { _ in throw NotYet() }
        #expect(ending == .undone("NotYet()"))
        #expect(try await shell(first, "cat \(change.files[index].path)") == settings)
        #expect(try await holder(balancers).host.name == first.host.name)
        try await end(balancers)
    }

    @Test(
        "It is moved and comes back, and a third host says for how long nobody answered; and what stands in the way is told"
    )
    func trial() async throws {
        let balancers = [try await prepare("lb1"), try await prepare("lb2")]
        try await LabHosts.lab("up", "server1")
        let trial = AddressTrial(
            address: MovingAddress(address: Self.address), port: 8404, balancers: balancers,
            witness: try await LabHosts.session("server1"), unit: { Self.unit($0.name, "keepalived") })
        _ = try await holder(balancers)
        try await Task.sleep(for: .seconds(3))
        let moves = try await trial.run()
        print("trial: \(moves)")
        #expect(moves.count == 2 && moves[0].from == moves[1].to && moves[0].to == moves[1].from)
        #expect(moves.allSatisfy { $0.tried > 50 && $0.tried > $0.failed && $0.from != $0.to })

        // Whoever hears no adverts takes it, too.
        for name in Self.names { _ = try await prepare(name, hears: false) }
        try await Task.sleep(for: .seconds(5))
        await #expect(throws: AddressTrial.Problem.twice(Self.names)) { try await trial.run() }

        // With no other balancer that would take it, it goes nowhere; and its holder has it back afterwards.
        for balancer in balancers {
            _ = try await shell(balancer, "systemctl stop \(Self.unit(balancer.host.name, "keepalived"))")
        }
        await #expect(throws: AddressTrial.Problem.nowhere) { try await trial.run() }
        _ = try await shell(balancers[0], "systemctl start \(Self.unit("lb1", "keepalived"))")
        _ = try await holder(balancers)
        await #expect(throws: AddressTrial.Problem.stays(from: "lb1")) { try await trial.run() }
        #expect(try await shell(balancers[0], "systemctl is-active \(Self.unit("lb1", "keepalived"))") == "active\n")
        try await end(balancers)
    }
}
