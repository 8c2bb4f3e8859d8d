import TandemStack
import Testing

@testable import TandemBlueprint

/// Walks the table of services: what forgot one of them is named.
@Suite("The table of services")
struct ServiceDescriptionTests {
    /// Stacks that together have each service.
    private static func samples() throws -> [Sample] {
        let daily = try CronSchedule(parsing: "0 4 * * *")
        return Sample.all.map { sample in
            var sample = sample
            sample.stack.app.workers = [Worker(name: "mailer", run: "./mail", stopTimeoutSeconds: 5)]
            sample.stack.app.jobs = [Job(name: "digest", run: "./digest", schedule: daily, stopTimeoutSeconds: 5)]
            return sample
        }
    }

    private func names(_ blueprint: HostBlueprint) -> Set<ServiceName> {
        Set(
            (blueprint.services + blueprint.jobs.map(\.service) + [blueprint.keepalived].compactMap(\.self)).map(\.name)
        )
    }

    @Test("each service is on the hosts that the table names, and on no others")
    func hosts() throws {
        var seen: Set<ServiceName> = []
        for sample in try Self.samples() {
            for host in sample.stack.hosts {
                let there = names(try sample.blueprint(host))
                seen.formUnion(there)
                for service in ServiceName.allCases {
                    let isNamed = ServiceDescription(of: service).hosts(sample.stack).contains { $0.name == host.name }
                    #expect(there.contains(service) == isNamed, "\(service) on \(host.name) of \(sample)")
                }
            }
        }
        #expect(seen == Set(ServiceName.allCases))
    }

    @Test("each generated file that the table names is written where its service runs")
    func files() throws {
        for sample in try Self.samples() {
            for host in sample.stack.hosts {
                let blueprint = try sample.blueprint(host)
                for service in names(blueprint) {
                    for path in sample.layout(host).configurationFiles(of: service) {
                        #expect(blueprint.files.contains { $0.path == path }, "\(path) of \(host.name) of \(sample)")
                    }
                }
            }
        }
    }

    @Test("each service has its turn when a host stops, but for the one that systemd stops")
    func stopOrder() {
        #expect(ServiceName.inStopOrder.count == Set(ServiceName.inStopOrder).count)
        #expect(Set(ServiceName.allCases).subtracting(ServiceName.inStopOrder) == [.keepalived])
    }

    @Test("no worker can have a service's name")
    func reserved() {
        for service in ServiceName.allCases { #expect(Worker.isReserved(service.rawValue), "\(service)") }
    }

    @Test("a name in status is that of its service: `app-2` the app's, one of nobody's a worker's")
    func statusNames() {
        for service in ServiceName.allCases { #expect(ServiceName(statusName: service.rawValue) == service) }
        #expect(ServiceName(statusName: "app-2") == .app)
        #expect(ServiceName(statusName: "approver") == .worker)
    }
}
