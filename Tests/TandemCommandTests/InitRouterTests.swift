import Foundation
import Testing

@testable import TandemOperator
@testable import tandem

/// PHP's own server with the script that `tandem init` writes for it.
@Suite("tandem-router.php")
struct InitRouterTests {
    private let folder: TemporaryFolder
    private let address = "127.77.\(Int.random(in: 1...254)).\(Int.random(in: 1...254))"

    init() throws {
        folder = try TemporaryFolder()
        try folder.put(PHPRouter.name, PHPRouter.text)
    }

    @Test("shows a site's pages and public files, and nothing else of its folder")
    func pages() async throws {
        try folder.put("index.php", "<?php echo 'page ', $_SERVER['SCRIPT_NAME'];")
        let shown = [
            "style.css": "color", "robots.txt": "robots", "a b/ü.png": "picture", "info.php": "<?php echo 'info';",
        ]
        let hidden = [
            "tandem.yaml", ".tandem/shop/secrets.json", ".tandem/shop/style.css", ".git/config", ".env",
            "composer.json",
            "secrets/mail", "dump.sql", "index.php~", "data.sqlite", "a.php.bak", "sub/.htpasswd.css",
        ]
        for (name, text) in shown { try folder.put(name, text) }
        for name in hidden { try folder.put(name, "private") }
        try folder.put("admin/index.php", "<?php echo 'admin';")
        try await serving {
            #expect(try await answer("/style.css").text == "color")
            #expect(try await answer("/robots.txt").text == "robots")
            #expect(try await answer("/a%20b/%C3%BC.png").text == "picture")
            #expect(try await answer("/info.php").text == "info")
            #expect(try await answer("/admin/").text == "admin")
            let redirect = try await answer("/admin")
            #expect(redirect.status == 301)
            #expect(redirect.location == "/admin/")
            for path in ["/", "/a/page", "/index.php", "/2026/post.html", "/tandem-router.php"] {
                #expect(try await answer(path).text == "page /index.php", "\(path)")
            }
            for name in hidden {
                for path in ["/\(name)", "//\(name)", "/admin/../\(name)", "/admin/%2e%2e/\(name)", "/%2F\(name)"] {
                    #expect(try await !answer(path).text.contains("private"), "\(path)")
                }
            }
            #expect(try await answer("/health").text == "ok\n")
        }
    }

    private func serving(_ body: () async throws -> Void) async throws {
        let server = Process()
        server.executableURL = URL(fileURLWithPath: "/usr/bin/php")
        server.arguments = ["-S", "\(address):8000", PHPRouter.name]
        server.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        server.standardError = FileHandle.nullDevice
        try server.run()
        defer {
            // A child of a test has its signals blocked.
            kill(server.processIdentifier, SIGKILL)
            server.waitUntilExit()
        }
        for _ in 0..<1200 where (try? await answer("/health").status) != 200 {
            guard server.isRunning else { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        try await body()
    }

    /// What curl gets for a path, exactly as it is written.
    private func answer(_ path: String) async throws -> (status: Int, location: String, text: String) {
        let curl = Process()
        curl.executableURL = URL(fileURLWithPath: "/usr/bin/curl")
        curl.arguments = [
            "-s", "--path-as-is", "-m", "60", "-w", "\n%{http_code}\n%header{location}",
            "http://\(address):8000\(path)",
        ]
        let pipe = Pipe()
        curl.standardOutput = pipe
        try curl.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        curl.waitUntilExit()
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let body = lines.dropLast(2).joined(separator: "\n")
        return (Int(lines[lines.count - 2]) ?? 0, String(lines.last ?? ""), body)
    }
}
