import TandemStack
import Testing

import struct TandemStack.Host

@testable import TandemBlueprint

@Suite struct JobTests {
    private func stack(_ change: (inout Job) -> Void = { _ in }) throws -> Stack {
        var stack = Sample.split.stack
        var job = Job(
            name: "digest", run: "./send digest", schedule: try CronSchedule(parsing: "0 7 * * *"),
            stopTimeoutSeconds: 12)
        change(&job)
        stack.app.jobs = [job]
        stack.app.workers = [Worker(name: "mailer", run: "./mail", stopTimeoutSeconds: 5)]
        return stack
    }

    private func blueprint(_ stack: Stack, _ host: Host) throws -> HostBlueprint {
        try HostBlueprint(stack: stack, host: host, layout: Sample.split.layout(host))
    }

    @Test func `every app host may run a job, which is none of its services and has what a worker has`() throws {
        let stack = try stack()
        for host in stack.hosts {
            let blueprint = try blueprint(stack, host)
            #expect(!blueprint.services.contains { $0.name == .job } && blueprint.jobs.isEmpty == !host.has(.app))
            guard let job = blueprint.jobs.first else { continue }
            let worker = try #require(blueprint.services.first { $0.name == .worker })
            #expect(job.service.environment == worker.environment && job.service.account == .application)
            #expect(job.service.command == ["/bin/sh", "-c", "exec ./send digest"])
            #expect(job.service.workingDirectory == worker.workingDirectory && job.service.needsDatabase)
            #expect(job.name == "digest" && job.timeoutSeconds == 3600)
            #expect(job.service.stop == .init(signal: 15, boundSeconds: 12))
        }
    }

    private func change(_ old: Stack?, _ new: Stack) throws -> HostChange {
        let host = try #require(new.hosts(.app).first)
        return HostChange(
            from: try old.map { HostVersion(blueprint: try blueprint($0, host)) },
            to: HostVersion(blueprint: try blueprint(new, host)), layout: Sample.split.layout(host))
    }

    @Test func `a job that differs is taken up in place, and restarts nothing`() throws {
        var without = try stack()
        without.app.jobs = []
        let news = ServiceChange(service: "digest", step: .refresh, reasons: ["new", "at 0 7 * * * UTC"])
        #expect(try change(without, stack()).touched == [news])
        #expect(try change(nil, stack()).touched.last == news)
        #expect(try change(stack(), without).touched == [ServiceChange(service: "digest", step: .stop)])
        #expect(try change(stack(), stack()).kind == .unchanged)
        let hourly = try CronSchedule(parsing: "@hourly")
        #expect(
            try change(stack(), stack { $0.schedule = hourly }).touched == [
                ServiceChange(service: "digest", step: .refresh, reasons: ["at @hourly UTC"])
            ])
        #expect(
            try change(
                stack(),
                stack {
                    $0.run = "./send other"
                    $0.timeoutSeconds = 60
                }
            ).touched == [ServiceChange(service: "digest", step: .refresh, reasons: ["command", "timeout"])])
    }

    @Test func `outside Tandem a job is a timer on the first app host alone`() throws {
        let stack = try stack()
        let names = EjectedNames(stack: stack.name)
        for (index, host) in stack.hosts(.app).enumerated() {
            let ejected = try EjectedHost(
                stack: stack, host: host, names: names, programs: Sample.programs,
                leadership: .fixed(primary: "db1", partner: "db2"))
            let files = ejected.files.filter { $0.path.contains("digest") }
            #expect(
                files.count == (index == 0 ? 2 : 0) && ejected.units.contains { $0.hasSuffix(".timer") } == (index == 0)
            )
            guard index == 0 else { continue }
            #expect(files.map(\.path.localName) == ["shop-app1-digest.service", "shop-app1-digest.timer"])
            #expect(files[1].contents.contains("OnCalendar=*-*-* 07:00:00 UTC\n"))
            let unit = files[0].contents
            #expect(unit.contains("Description=digest of app1 in the stack shop\n") && unit.contains("Type=oneshot\n"))
            #expect(unit.contains("TimeoutStartSec=3600\n") && !unit.contains("WantedBy"))
            #expect(unit.contains("EnvironmentFile=/etc/shop-stack/app1.digest.env\n"))
            #expect(ejected.environments.map(\.file).contains("/etc/shop-stack/app1.digest.env"))
        }
    }
}

extension String {
    fileprivate var localName: String { split(separator: "/").last.map(String.init) ?? self }
}
