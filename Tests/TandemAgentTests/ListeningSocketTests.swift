import Foundation
import Glibc
import Testing

@testable import TandemAgent

@Suite("The sockets that listen on this machine")
struct ListeningSocketTests {
    @Test("are read from the kernel's table, without its connections, IPv6 among them")
    func table() {
        let rows = ListeningSockets.rows(
            of: """
                  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
                   0: 010DC87F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1001        0 4711 1 0 100
                   1: 010DC87F:0BB8 0100007F:9999 01 00000000:00000000 00:00000000 00000000  1002        0 4712 1 0 100
                   2: 0000000000000000FFFF00000100007F:0BB9 00000000000000000000000000000000:0000 0A 0:0 0:0 0  1003 0 4713
                """)
        #expect(
            rows == [
                ListeningSocket(address: "127.200.13.1", port: 3000, user: 1001, inode: 4711),
                ListeningSocket(address: "127.0.0.1", port: 3001, user: 1003, inode: 4713),
            ])
    }

    @Test("are no connections; those are found by where they lead and by who has them open")
    func connections() throws {
        let listener = try ListenerCheck.bindListener(address: "127.200.13.8", port: 24_399)
        let place = ("127.200.13.8", 24_399)
        #expect(!ProcessConnections.areAny(of: [getpid()], to: [place]))
        do {
            let connection = try #require(Connection("127.200.13.8", 24_399))
            #expect(ProcessConnections.areAny(of: [getpid()], to: [("127.200.13.8", 1), place]))
            #expect(
                !ProcessConnections.areAny(of: [getpid()], to: [("127.200.13.7", 24_399), ("127.200.13.8", 24_398)]))
            #expect(!ProcessConnections.areAny(of: [getppid()], to: [place]))
            withExtendedLifetime(connection) {}
        }
        close(listener)
        #expect(!ProcessConnections.areAny(of: [getpid()], to: [place]))
    }

    @Test("have their addresses as the kernel prints them")
    func addresses() {
        #expect(ListeningSockets.address("0100007F") == "127.0.0.1")
        #expect(ListeningSockets.address("00000000") == "0.0.0.0")
        #expect(ListeningSockets.address("00000000000000000000000000000000") == "::")
        #expect(ListeningSockets.address("00000000000000000000000001000000") == "::1")
        #expect(ListeningSockets.address("0000000000000000FFFF00000100007F") == "127.0.0.1")
        #expect(ListeningSockets.address("1") == nil && ListeningSockets.address("xyz") == nil)
    }

    @Test("are the same from both of the kernel's answers, with many of ours among them, and without connections")
    func same() async throws {
        let ports = Array(24_400..<24_600)
        let listeners = try ports.map { try ListenerCheck.bindListener(address: "127.200.13.9", port: $0) }
        let six = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
        #expect(six < 0 || listen(six, 1) == 0)
        let connection = Connection("127.200.13.9", 24_400)
        #expect(connection != nil)
        defer { (listeners + [six]).forEach { close($0) } }
        func ours(_ sockets: [ListeningSocket]) -> [ListeningSocket] {
            sockets.filter { $0.address == "127.200.13.9" || $0.address == "::" }.sorted { $0.inode < $1.inode }
        }
        // Others may come and go on all addresses between the two questions: then both are asked again.
        var found: [ListeningSocket] = []
        try await eventually("both answers are the same") {
            found = ours(try #require(ListeningSockets.fromDiagnosis()))
            return found == ours(ListeningSockets.fromTables())
        }
        #expect(Set(found.filter { $0.address == "127.200.13.9" }.map(\.port)) == Set(ports))
        let mine = ListeningSockets(all: found).held(by: [getpid()])
        #expect(mine.count >= ports.count && mine.allSatisfy { $0.user == geteuid() })
        #expect(found.first { $0.port == 24_400 }?.holder(among: [getpid()]) == getpid())
    }

    @Test("are those of an address, or else of all addresses, where a connection goes; both where one wants to listen")
    func reached() {
        let own = ListeningSocket(address: "127.0.0.2", port: 80, user: 1, inode: 1)
        let every = ListeningSocket(address: "::", port: 80, user: 2, inode: 2)
        let other = ListeningSocket(address: "127.0.0.3", port: 80, user: 3, inode: 3)
        let elsewhere = ListeningSocket(address: "0.0.0.0", port: 81, user: 4, inode: 4)
        let sockets = ListeningSockets(all: [own, every, other, elsewhere])
        #expect(sockets.reached(by: "127.0.0.2", 80) == [own])
        #expect(sockets.reached(by: "127.0.0.4", 80) == [every])
        #expect(sockets.reached(by: "127.0.0.4", 82).isEmpty)
        #expect(sockets.clashing(with: "127.0.0.2", 80) == [own, every])
        #expect(sockets.clashing(with: "127.0.0.4", 81) == [elsewhere])
    }
}
