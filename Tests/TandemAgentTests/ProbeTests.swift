import AsyncHTTPClient
import Foundation
import Glibc
import TandemBlueprint
import TandemServices
import TandemStack
import Testing

@testable import TandemAgent

/// The health check asks as a visitor does, and says what it was answered.
@Suite("Asking an app whether it can serve")
struct ProbeTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Answers as its second argument says.
    private static let server = #"""
        import sys, time
        from http.server import BaseHTTPRequestHandler, HTTPServer
        kind = sys.argv[2]
        class App(BaseHTTPRequestHandler):
            def do_GET(self):
                h = self.headers
                good = (h["Host"], h["X-Forwarded-Proto"], h["X-Forwarded-Host"], h["X-Forwarded-Port"], h["X-Forwarded-For"]) \
                    == ("shop.example:8443", "https", "shop.example:8443", "8443", "127.0.0.1")
                if kind == "slow": time.sleep(5)
                if kind == "redirect" and self.path == "/health": self.answer(301, ("Location", "https://shop.example/health"))
                elif kind == "strict" and not good: self.answer(400)
                else: self.answer(200)
            def answer(self, status, *headers):
                self.send_response(status)
                for name, value in headers: self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()
            def log_message(self, *_): pass
        server = HTTPServer((sys.argv[1], int(sys.argv[3])), App)
        open("port", "w").write("%d\n" % server.server_port)
        server.serve_forever()
        """#

    private func reason(
        _ kind: String, listens: String = "127.200.12.1", asked: String = "127.200.12.1", port: Int? = nil
    ) async throws -> String? {
        try folder.put("server.py", Self.server)
        unlink("\(folder.path)/port")
        let process = try RunningProcess.start(
            ProcessSpecification(
                command: ["/usr/bin/python3", "server.py", listens, kind, "0"], environment: [:],
                workingDirectory: folder.path, logFile: "\(folder.path)/log"))
        try await eventually("it listens") { folder.text("port").hasSuffix("\n") || process.hasEnded }
        let own = try #require(Int(folder.text("port").dropLast()), "\(folder.text("log"))")
        var stack = Stack.sample("127.200.12")
        stack.domain = "shop.example"
        let layout = Layout(hostFolder: folder.path, socketFolder: folder.path, programs: .none, front: nil)
        let app = try #require(
            HostBlueprint(stack: stack, host: stack.hosts[2], layout: layout).services.first { $0.name == .app })
        guard case .http(_, _, let path, let headers) = app.readiness else { return "not HTTP" }
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        let client = HTTPClient(configuration: configuration)
        let readiness = ServiceBlueprint.Readiness.http(
            address: asked, port: port ?? own, path: path, headers: headers)
        let probe = ReadinessProbe(client: client)
        var reason = await probe.reason(readiness, of: process.identity)
        // One that answers may be late for once on a busy machine, but not each time.
        for _ in 0..<5 where kind != "slow" && reason?.hasPrefix("it did not answer") == true {
            reason = await probe.reason(readiness, of: process.identity)
        }
        try await client.shutdown()
        await process.stop(signal: SIGKILL, bound: .zero)
        return reason?.replacing("\(own)", with: "PORT")
    }

    @Test("comes with the stack's name and HTTPS, as through the balancer")
    func visitor() async throws {
        #expect(try await reason("strict") == nil)
        #expect(try await reason("plain") == nil)
    }

    @Test("takes a redirect for an answer, and tells where it leads")
    func redirect() async throws {
        #expect(
            try await reason("redirect")
                == "it answered 301 to https://shop.example/health to GET /health (Host: shop.example:8443), not 200")
    }

    @Test("tells an app that is silent from one that is not there")
    func silent() async throws {
        #expect(
            try await reason("slow") == "it did not answer GET /health (Host: shop.example:8443) within 2 s")
    }

    @Test("says where the app listens instead")
    func elsewhere() async throws {
        #expect(
            try await reason("plain", listens: "127.200.12.2")
                == "nothing listens on 127.200.12.1:PORT, which HOST and PORT name: it listens on 127.200.12.2:PORT instead"
        )
        #expect(
            try await reason("plain", port: 1)
                == "nothing listens on 127.200.12.1:1, which HOST and PORT name: it listens on 127.200.12.1:PORT instead"
        )
    }
}
