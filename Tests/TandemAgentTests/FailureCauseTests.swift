import Foundation
import Glibc
import TandemBlueprint
import TandemServices
import Testing

@testable import TandemAgent

@Suite("Why a program ended, from its last words")
struct FailureCauseTests {
    private func cause(_ lines: String...) -> String? { FailureCause.find(in: lines, folder: "/stacks/shop/hosts/one") }

    @Test("a full disk, a taken address, foreign files and damaged data are recognised, with what to do")
    func known() throws {
        let full = try #require(cause("MY-012929 InnoDB Database creation was aborted with error Out of disk space."))
        #expect(full.contains("the disk is full") && full.contains("/stacks/shop/hosts/one"))
        let taken = try #require(cause("nginx: [emerg] bind() to 127.1.2.3:4443 failed (98: Address already in use)"))
        #expect(taken.contains("another program listens"))
        let foreign = try #require(cause("mysqld: File './binlog.index' not found (OS errno 13 - Permission denied)"))
        #expect(foreign.contains("belong to the user"))
        let damaged = try #require(cause("[ERROR] [MY-010334] [Server] Failed to initialize DD Storage Engine"))
        #expect(damaged.contains("is damaged"))
    }

    @Test("of a full disk that damages data the first is named")
    func order() throws {
        #expect(try #require(cause("checksum mismatch", "No space left on device")).contains("the disk is full"))
    }

    @Test(
        "another one of the stack that holds the port on all addresses is named, and what to change; a stranger by name"
    )
    func holders() async throws {
        let folder = try TemporaryFolder()
        let listen =
            "import socket; s = socket.create_server(('0.0.0.0', 0)); open('port', 'w').write('%d\\n' % s.getsockname()[1]); s.accept()"
        for (mark, expected) in [
            ("\(folder.path)/hosts/server2 app", "app on server2 listens on port PORT of all addresses"),
            ("/elsewhere/hosts/server2 app", "listens on 127.200.13.1:PORT: end that one"),
        ] {
            unlink("\(folder.path)/port")
            let process = try RunningProcess.start(
                ProcessSpecification(
                    command: ["/usr/bin/python3", "-c", listen], environment: [:], workingDirectory: folder.path,
                    logFile: "\(folder.path)/log", mark: mark))
            try await eventually("it listens") { folder.text("port").hasSuffix("\n") || process.hasEnded }
            let port = try #require(Int(folder.text("port").dropLast()))
            let service = ServiceBlueprint(
                name: .app, command: ["/bin/true"], workingDirectory: "/", account: .application, readiness: .database,
                startTimeoutSeconds: 1, stop: .init(signal: SIGTERM, boundSeconds: 1),
                listeners: [.init(address: "127.200.13.1", port: port, reach: .host)])
            let cause = FailureCause.find(
                in: ["OSError: [Errno 98] Address already in use", "it exited with status 1"],
                folder: "\(folder.path)/hosts/server1", service: service)
            #expect(cause?.replacing("\(port)", with: "PORT").contains(expected) == true, "\(cause ?? "")")
            await process.stop(signal: SIGKILL, bound: .zero)
        }
    }

    @Test("nothing is made up about words that nobody knows")
    func unknown() {
        #expect(cause("Traceback (most recent call last):", "KeyError: 'DATABASE'") == nil)
        #expect(cause() == nil)
    }
}
