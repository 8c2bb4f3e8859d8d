import TandemBlueprint
import TandemFleet
import TandemStack
import Testing

@testable import TandemAgent
@testable import TandemOperator

@Suite("What of a host answers another one")
struct OpenPortsTests {
    private static let host = Host(name: "server1", address: "10.0.0.21", roles: [.web, .app, .database])
    private let ports: OpenPorts

    init() throws {
        var facts = HostFacts()
        facts.listeners = [
            .init(address: "0.0.0.0", port: 22, program: "sshd"),
            .init(address: "10.0.0.21", port: 3306, program: "mysqld"),
            .init(address: "127.0.0.1", port: 6446, program: "haproxy"),
            .init(address: "::", port: 9000, program: "python3"),
            .init(address: "10.0.0.99", port: 9001, program: "other"), .init(address: "*", port: 9002, program: nil),
        ]
        let wanted: [ServiceBlueprint.Listener] = [
            .init(address: "10.0.0.21", port: 3306, reach: .stack),
            .init(address: "127.0.0.1", port: 6446, reach: .host),
            .init(address: "10.0.0.21", port: 8443, reach: .stack),
        ]
        var stack = Sample.applied().stack
        stack.name = "shop"
        ports = try #require(OpenPorts(stack: stack, host: Self.host, wanted: wanted, facts: facts))
    }

    @Test("is asked for where something listens for others, and not where it listens for the host alone")
    func candidates() {
        #expect(ports.listening.keys.sorted() == [22, 3306, 9000, 9002])
        #expect(ports.declared == [22, 3306, 8443])
    }

    @Test("is right where exactly that answers which is declared and listens")
    func right() {
        let finding = ports.finding(answered: [22, 3306], asker: "server2")
        #expect(finding.verdict == .ok && finding.text.contains("server2 reaches the 2 ports"), "\(finding)")
    }

    @Test("is a warning where more answers, with the program")
    func more() {
        let finding = ports.finding(answered: [22, 3306, 9000, 9002], asker: "server2")
        #expect(finding.verdict == .warning)
        #expect(
            finding.text
                == "9000 (python3), 9002 (a program that root alone can name) answer server2, and are not the stack's")
        #expect(finding.remedy?.contains("tandem-shop.firewall.service on server1") == true)
    }

    @Test("is an error where less answers than listens; a service that is down is not this one's affair")
    func less() {
        let finding = ports.finding(answered: [22, 9000], asker: "server2")
        #expect(finding.verdict == .error && finding.text.hasPrefix("3306 does not answer server2"), "\(finding)")
    }
}
