import TandemReplication
import TandemStack
import Testing

@testable import TandemAgent

@Suite("What a host is given")
struct LimitedHostTests {
    private let all: AppliedHost

    init() {
        var stack = Stack.sample("127.200.14")
        for role in Role.allCases {
            stack.hosts.append(
                Host(name: role.rawValue, address: "127.200.14.\(100 + stack.hosts.count)", roles: [role]))
        }
        stack.monitoring = Monitoring(alerts: AlertReceivers(slack: .secret(.environment("SLACK_URL"))))
        var secrets = StackSecrets.generate()
        secrets.app = ["API_KEY": "hush-of-the-app"]
        secrets.alerts = ["webhook": "hush-of-alerts"]
        all = AppliedHost(applied: .sample(stack), secrets: secrets)
    }

    @Test("holds the secrets that its roles use, and no other")
    func limits() throws {
        let database = all.secrets.database
        let ofApp = [database.app, database.appRead, all.secrets.session] + all.secrets.app.values
        let ofDatabase = [
            database.root, database.replication, database.clone, database.monitor, database.app, database.appRead,
        ]
        let ofMonitor = Array(all.secrets.alerts.values)
        let held: [(host: String, secrets: [String])] = [
            ("balancer", []), ("web", []), ("witness", []), ("app", ofApp), ("database", ofDatabase),
            ("monitor", ofMonitor), ("lb1", []), ("server1", ofApp + ofDatabase),
        ]
        let every = Set(ofApp + ofDatabase + ofMonitor)
        #expect(every.count == 9)
        for (host, secrets) in held {
            let text = try JSONText.encode(all.limited(to: host))
            #expect(every.filter(text.contains) == Set(secrets), "\(host)")
        }
    }
}
