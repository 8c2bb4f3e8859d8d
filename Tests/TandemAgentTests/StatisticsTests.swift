import TandemTopology
import Testing

@testable import TandemAgent

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
