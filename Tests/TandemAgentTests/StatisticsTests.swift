import TandemTopology
import Testing

@testable import TandemAgent

@Suite("A host's counters")
struct SharedStatisticsTests {
    /// Numbers its readings.
    private actor Source {
        private(set) var count = 0
        private var waiting: [CheckedContinuation<Void, Never>] = []
        private var isOpen = false

        func read() async -> HostStatistics {
            count += 1
            let number = count
            if !isOpen { await withCheckedContinuation { waiting.append($0) } }
            return HostStatistics(host: "lb1", clockSeconds: Double(number), processes: [])
        }

        func open() {
            isOpen = true
            for continuation in waiting { continuation.resume() }
            waiting = []
        }
    }

    @Test("are read once for all who ask meanwhile, and again half a second later")
    func once() async {
        let source = Source()
        let shared = SharedStatistics()
        let now = ContinuousClock.now
        let numbers = await withTaskGroup(of: Double.self) { group in
            for _ in 0..<20 {
                group.addTask { await shared.value(at: now) { await source.read() }.clockSeconds }
            }
            while await source.count == 0 { await Task.yield() }
            await source.open()
            return await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(numbers == [1])
        #expect(await shared.value(at: now + .milliseconds(499)) { await source.read() }.clockSeconds == 1)
        #expect(await shared.value(at: now + .milliseconds(500)) { await source.read() }.clockSeconds == 2)
        #expect(await source.count == 2)
    }
}

@Suite("HAProxy's statistics")
struct HAProxyStatisticsTests {
    @Test("become counters: requests of a frontend, answers of a server, sessions where it speaks TCP")
    func parse() {
        let text = """
            # pxname,svname,scur,stot,econ,eresp,rtime,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,req_tot,mode
            front,FRONTEND,3,20,,,,0,90,5,4,1,0,100,http
            web,server1,1,51,2,1,7,0,45,2,2,1,0,,http
            web,BACKEND,2,100,2,1,8,0,90,5,4,1,0,100,http
            write,FRONTEND,5,13,,,,,,,,,,0,tcp
            write,server1,4,12,0,0,0,,,,,,,,tcp
            write,BACKEND,4,12,0,0,0,,,,,,,,tcp

            """
        #expect(
            HAProxyStatistics.parse(text) == [
                TrafficCounters(
                    section: "front", server: nil, requests: 100, errors: 1, connections: 3, responseMilliseconds: nil),
                TrafficCounters(
                    section: "web", server: "server1", requests: 50, errors: 4, connections: 1, responseMilliseconds: 7),
                TrafficCounters(
                    section: "web", server: nil, requests: 100, errors: 1, connections: 2, responseMilliseconds: 8),
                TrafficCounters(
                    section: "write", server: nil, requests: 13, errors: 0, connections: 5,
                    responseMilliseconds: nil),
                TrafficCounters(
                    section: "write", server: "server1", requests: 12, errors: 0, connections: 4,
                    responseMilliseconds: nil),
            ])
    }

    @Test("of something that is none are none")
    func nonsense() {
        for text in ["", "Unknown command.\n", "# \n\n", "# pxname,svname\nfront\n"] {
            #expect(HAProxyStatistics.parse(text).isEmpty, "\(text)")
        }
    }
}

@Suite("Requests that hang in a web server")
struct HungRequestsTests {
    @Test("are ended where it has been down for a while, and nowhere else")
    func servers() {
        func found(_ rows: String...) -> [String] {
            HungRequests.servers("# pxname,svname,scur,status,lastchg\n" + rows.joined(separator: "\n") + "\n\n")
        }
        #expect(found("web,server1,3,DOWN,6", "web,server2,1,UP,60", "web,BACKEND,4,UP,60") == ["web/server1"])
        #expect(found("tunnels,server1,3,DOWN,6") == ["tunnels/server1"])
        #expect(found("web,server1,3,DOWN 1/2,900") == ["web/server1"], "it is on its way up, and not there yet")
        #expect(found("web,server1,3,DOWN,5") == [], "users may still be connecting to it")
        #expect(found("web,server1,0,DOWN,60") == [])
        #expect(found("web,server1,3,NOLB,60", "web,server2,3,UP 1/2,60") == [], "they are about to be answered")
        #expect(found("last_resort,server1,3,DOWN,60") == [], "they are tried because all are down")
        #expect(HungRequests.servers("Unknown command.\n") == [])
    }
}
