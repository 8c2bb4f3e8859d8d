import TandemStack
import Testing

import struct TandemStack.Host

@testable import TandemBlueprint

@Suite struct WorkerTests {
    private func stack(_ workers: [Worker], of sample: Sample = .conduit) -> Stack {
        var stack = sample.stack
        stack.app.workers = workers
        return stack
    }

    private func blueprint(_ stack: Stack, _ host: Host, _ sample: Sample = .conduit) throws -> HostBlueprint {
        try HostBlueprint(stack: stack, host: host, layout: sample.layout(host))
    }

    private static let mailer = Worker(name: "mailer", run: "celery worker", stopSignal: .int, stopTimeoutSeconds: 25)

    @Test func `a worker is a service of every app host, after the app`() throws {
        let stack = stack([Self.mailer])
        for host in stack.hosts {
            let names = try blueprint(stack, host).services.map(\.statusName)
            if host.has(.app) {
                #expect(names.firstIndex(of: "mailer") == names.firstIndex(of: "app").map { $0 + 1 })
            } else {
                #expect(!names.contains("mailer"))
            }
        }
    }

    @Test func `a worker has the app's environment without an address to listen on`() throws {
        let stack = stack([Self.mailer], of: .split)
        let host = try #require(stack.hosts(.app).first)
        let services = try blueprint(stack, host, .split).services
        let app = try #require(services.first { $0.name == .app })
        let worker = try #require(services.first { $0.name == .worker })
        var expected = app.environment
        expected["HOST"] = nil
        expected["PORT"] = nil
        #expect(worker.environment == expected && expected["DATABASE_URL"] != nil && expected["API_KEY"] != nil)
        #expect(worker.command == ["/bin/sh", "-c", "exec celery worker"])
        #expect(worker.account == .application && worker.workingDirectory == app.workingDirectory)
        #expect(worker.stop == .init(signal: 2, boundSeconds: 25) && worker.listeners.isEmpty)
        #expect(worker.after == [.router] && worker.needsDatabase)
    }

    private static let clock = Worker(name: "clock", run: "celery beat", stopTimeoutSeconds: 10, placement: .one)

    @Test func `a worker that runs on one host only is in the blueprint of every host that may come to run it`() throws
    {
        let stack = stack([Self.mailer, Self.clock], of: .split)
        for host in stack.hosts(.app) {
            let services = try blueprint(stack, host, .split).services.filter { $0.name == .worker }
            #expect(services.map(\.placement) == [nil, .one])
        }
        var elsewhere = Self.clock
        elsewhere.placement = .all
        let host = try #require(stack.hosts(.app).first)
        let change = HostChange(
            from: HostVersion(blueprint: try blueprint(self.stack([elsewhere], of: .split), host, .split)),
            to: HostVersion(blueprint: try blueprint(self.stack([Self.clock], of: .split), host, .split)),
            layout: Sample.split.layout(host))
        #expect(change.services.filter { $0.step != .nothing }.map(\.service) == ["clock"])
        #expect(change.services.first { $0.service == "clock" }?.reasons == ["on: one"])
    }

    @Test func `outside Tandem the first app host alone has a unit of a worker that runs on one host only`() throws {
        let stack = stack([Self.mailer, Self.clock], of: .split)
        let names = EjectedNames(stack: stack.name)
        let units = try stack.hosts(.app).map { host in
            try EjectedHost(
                stack: stack, host: host, names: names, programs: Sample.programs,
                leadership: .fixed(primary: "db1", partner: "db2")
            ).units
        }
        #expect(units.map { $0.contains { $0.hasSuffix("-clock.service") } } == [true, false])
        #expect(units.allSatisfy { $0.contains { $0.hasSuffix("-mailer.service") } })
    }

    @Test func `outside Tandem a worker is a unit with an environment of its own`() throws {
        let stack = stack([Self.mailer], of: .split)
        let host = try #require(stack.hosts(.app).first)
        let names = EjectedNames(stack: stack.name)
        let ejected = try EjectedHost(
            stack: stack, host: host, names: names, programs: Sample.programs,
            leadership: .fixed(primary: "db1", partner: "db2"))
        let unit = try #require(ejected.files.first { $0.path.hasSuffix("/shop-app1-mailer.service") }).contents
        #expect(unit.contains("Description=mailer of app1 in the stack shop\n"))
        #expect(unit.contains("EnvironmentFile=/etc/shop-stack/app1.mailer.env\n"))
        #expect(unit.contains("KillSignal=2\nTimeoutStopSec=25\n") && unit.contains("\nRestart=always\n"))
        #expect(ejected.environments.map(\.file).contains("/etc/shop-stack/app1.mailer.env"))
    }
}
