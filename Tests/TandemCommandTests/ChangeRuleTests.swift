import Foundation
import Glibc
import TandemAgent
import TandemBlueprint
import TandemServices
import TandemStack
import TandemTopology
import Testing

@testable import TandemOperator
@testable import tandem

@Suite("What commands that end or change something hold to")
struct ChangeRuleTests {
    @Test("a change that failed is put back the other way round")
    func retreat() {
        #expect(RollBack.order(["server2", "server1", "lb1"]) == ["lb1", "server1", "server2"])
    }

    @Test("a service that is there but does not run is nobody's stand-in")
    func pair() {
        var status = Sample.answer(Sample.laptop[3])
        #expect(LastInstanceCheck.stands("nginx", in: status) && !LastInstanceCheck.stands("haproxy", in: status))
        for state in [ServiceStatus.State.starting, .stopped, .failed] {
            for index in status.services.indices { status.services[index].state = state }
            #expect(!LastInstanceCheck.stands("nginx", in: status))
        }
        #expect(!LastInstanceCheck.stands("nginx", in: nil))
    }

    @Test(
        "a service stands in for another only where it is to run: a monitor for a monitor, an app for an app, a worker for none"
    )
    func others() {
        var stack = Sample.applied().stack
        stack.monitoring = Monitoring(alerts: AlertReceivers(slack: .secret(.environment("SLACK_URL"))))
        func others(_ service: String, _ host: String) -> [String] {
            stack.hosts.filter { $0.name == host }.flatMap {
                LastInstanceCheck.others(of: service, besides: $0, in: stack).map(\.name)
            }
        }
        #expect(others("prometheus", "lb1") == ["lb2"] && others("alertmanager", "lb2") == ["lb1"])
        #expect(others("app-2", "server1") == ["server2"] && others("mysql", "server2") == ["server1"])
        #expect(others("mailer", "server1").isEmpty)
    }

    @Test("workers stand between the app and its database in lists, whatever they are called")
    func workersInOrder() {
        let names = ["etcd", "approver", "mysql", "app-2", "router", "mailer", "app", "nginx", "haproxy"]
        let services = names.map { ServiceStatus(name: $0, state: .running, address: "", since: "") }
        #expect(
            services.inRequestOrder.map(\.name) == [
                "haproxy", "nginx", "app-2", "app", "approver", "mailer", "router", "mysql", "etcd",
            ])
    }

    @Test("destroy deletes nothing that belongs to another stack file, while that is there")
    func destroy() throws {
        let folder = try TemporaryFolder()
        var applied = Sample.applied()
        applied.stackFile = "\(folder.path)/other.yaml"
        func refusal(_ applied: AppliedStack?) -> String? {
            DestroyCommand.refusal(applied, stackFile: "\(folder.path)/tandem.yaml")?.message
        }
        #expect(refusal(applied) == nil, "the other project was deleted: what it has left is free to go")
        try folder.put("other.yaml", "")
        #expect(refusal(applied)?.contains("belongs to \(applied.stackFile)") == true)
        applied.stackFile = "\(folder.path)/tandem.yaml"
        #expect(refusal(applied) == nil && refusal(nil) == nil)
    }

    @Test("a keeper that is frozen is told with the one signal that it hears")
    func frozenKeeper() async throws {
        let folder = try TemporaryFolder()
        let keeper = try RunningProcess.start(
            ProcessSpecification(
                command: ["/bin/sleep", "60"], environment: [:], workingDirectory: "/",
                logFile: "\(folder.path)/log"))
        #expect(StackStop.signal(for: keeper.identity) == SIGTERM)
        kill(keeper.identity.pid, SIGSTOP)
        while !keeper.identity.isItselfFrozen { usleep(1000) }
        #expect(StackStop.signal(for: keeper.identity) == SIGKILL)
        await keeper.stop(signal: SIGKILL, bound: .seconds(5))
    }
}
