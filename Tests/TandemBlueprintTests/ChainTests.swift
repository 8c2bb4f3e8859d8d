import Foundation
import TandemBlueprint
import TandemStack
import Testing

/// Requests through the real HAProxy and nginx with the generated files. What is asked, and what must come of it,
/// stands in `Chain/cases.py`.
@Suite(.timeLimit(.minutes(10))) struct ChainTests {
    static let shapes: [ChainBench.Shape] = [.together, .apart]

    @Test func `clients cannot speak for a proxy, and only the stack's own names are served`() throws {
        let local = try ChainBench(.together)
        defer { local.end() }
        try local.check("forged_headers", "names_of_a_local_stack", "missing_host", "upgrades")
        let domain = try ChainBench(.apart) { stack, _ in stack.domain = "shop.example" }
        defer { domain.end() }
        try domain.check("forged_headers", "names_of_a_domain", "missing_host", "upgrades")
    }

    @Test func `Tandem's folder and the stack file are served to nobody, in no spelling`() throws {
        let chain = try ChainBench(.together)
        defer { chain.end() }
        try chain.check("private_paths")
    }

    @Test(arguments: shapes)
    func `streams come as they are sent and may be silent, and a request that hangs is ended`(
        shape: ChainBench.Shape
    ) throws {
        let chain = try ChainBench(shape) { stack, _ in stack.app.requestTimeoutSeconds = 2 }
        defer { chain.end() }
        try chain.check("streams_and_slow_clients")
    }

    @Test(arguments: shapes)
    func `headers of 64 KB pass, and larger ones are refused without harm to others`(shape: ChainBench.Shape) throws {
        let chain = try ChainBench(shape)
        defer { chain.end() }
        try chain.check("large_headers", "too_large_headers", "large_answers")
    }

    @Test(arguments: shapes)
    func `an app's own errors pass as they are, and what it lost is not asked again and again`(
        shape: ChainBench.Shape
    ) throws {
        let chain = try ChainBench(shape)
        defer { chain.end() }
        try chain.check("own_errors", "details", "lost_requests", "connections_that_end")
    }

    @Test(arguments: shapes)
    func `interim answers of an app come before its answer, which comes`(shape: ChainBench.Shape) throws {
        let chain = try ChainBench(shape)
        defer { chain.end() }
        try chain.check("interim_answers")
        // Through one server more.
        try chain.kill("app of \(chain.stack.hosts(.app)[0].name)")
        try chain.check("interim_answers")
    }

    @Test(arguments: shapes)
    func `answers are compressed, except those that must not be changed, and the log tells milliseconds`(
        shape: ChainBench.Shape
    ) throws {
        let chain = try ChainBench(shape)
        defer { chain.end() }
        try chain.check("compression", "access_log")
    }

    @Test func `all is answered by the other app, and as it comes, while one is away`() throws {
        let together = try ChainBench(.together)
        defer { together.end() }
        try together.kill("app of server1")
        try together.check("passed_on")
        let apart = try ChainBench(.apart)
        defer { apart.end() }
        try apart.kill("app of app1")
        try apart.check("passed_on")
    }

    @Test(arguments: shapes)
    func `an app that is about to be restarted gets no new requests, from the next one on and without a reload`(
        shape: ChainBench.Shape
    ) throws {
        let chain = try ChainBench(shape)
        defer { chain.end() }
        let apps = chain.stack.hosts(.app)
        for (leaving, staying) in [(apps[0], apps[1]), (apps[1], apps[0])] {
            let stays = ["CHAIN_STAYS=\(staying.loopbackAddress)"]
            try chain.setLeaving(leaving.name, "app")
            try chain.check("one_app_only", environment: stays)
            try chain.setLeaving(leaving.name, "app", false)
            // Once nobody has sent anything there for a while, and before anybody else is told: nothing idles that
            // could be cut.
            try chain.setLeaving(leaving.name, "nginx")
            Thread.sleep(forTimeInterval: Double(Leaving.pause.components.seconds) + 0.5)
            try chain.check("one_app_only", environment: stays)
            try chain.setLeaving(leaving.name, "nginx", false)
        }
        try chain.check("details")
    }

    @Test(arguments: shapes)
    func `no request meets a connection that the app just ends, also while the other app is about to be restarted`(
        shape: ChainBench.Shape
    ) throws {
        let chain = try ChainBench(shape)
        defer { chain.end() }
        for app in chain.stack.hosts(.app) {
            try chain.setLeaving(app.name, "app")
            try chain.check("connections_that_end")
            try chain.setLeaving(app.name, "app", false)
        }
        // Nobody is there: the answer says so.
        for app in chain.stack.hosts(.app) { try chain.kill("app of \(app.name)") }
        try chain.check("nobody_there")
    }

    @Test func `the way to the other app is a socket of the engines' own, and is there again after nginx was killed`()
        throws
    {
        let chain = try ChainBench(.together)
        defer { chain.end() }
        for _ in 0..<5 {
            try chain.kill("nginx of server1")
            // A worker that outlived its master would keep the next nginx from the port.
            #expect(Session(address: chain.stack.hosts[1].address, port: Ports.web) == nil)
            try chain.startNginx(of: "server1")
        }
        try chain.kill("app of server1")
        try chain.check("passed_on")
    }

    @Test(arguments: shapes)
    func `static files have types, lifetimes and folders, and programs are never shown`(shape: ChainBench.Shape) throws
    {
        let chain = try ChainBench(shape) { stack, root in
            try Self.makeFolders(root)
            // The folder itself may be a link.
            stack.web.staticFolder = "\(root)/current"
            stack.web.staticPrefixes = ["/media/": "\(root)/uploads"]
        }
        defer { chain.end() }
        try chain.check("static_files", "private_paths")
    }

    @Test func `a folder of static files may become a link to another release, and none to where keys lie`() throws {
        let chain = try ChainBench(.together) { stack, root in
            try Self.makeFolders(root)
            stack.web.staticFolder = "\(root)/current"
        }
        defer { chain.end() }
        try chain.check("replaced_folder")
    }

    private static let files = [
        "style.css": "css", "large.css": String(repeating: "x", count: 5000), "m.mjs": "", "app.webmanifest": "{}",
        "m.js.map": "{}", "docs/index.html": "docs",
        ".well-known/x.txt": "known", "app.0a1b2c3d.css": "", "app-0a1b2c3d4e5f.js": "", "report-20240101.css": "",
        "app-deadbeef.css": "", "empty/.keep": "", "secret": "secret", "tandem.yaml": "secret",
    ]
    private static let programs = [
        "index.php", "a.PHP", "lib.inc", "x.phtml", "app.py", "x.rb", "x.pl", "run.cgi", "old.php~", "old.php.bak",
        ".env", ".git/config", "docs/.secret", "docs/index.php",
    ]

    private static func makeFolders(_ root: String) throws {
        func write(_ text: String, to path: String) throws {
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        }
        for (name, text) in files where name != "secret" { try write(text, to: "\(root)/release/\(name)") }
        for folder in ["release", "uploads"] {
            for name in programs { try write("source", to: "\(root)/\(folder)/\(name)") }
        }
        try write("cat", to: "\(root)/uploads/cat.txt")
        try write("pictures", to: "\(root)/uploads/pictures/index.html")
        try write("secret", to: "\(root)/elsewhere/secret")
        for (link, target) in [
            ("current", "release"), ("release/passwd", "/etc/passwd"), ("release/out", "../elsewhere"),
            ("uploads/out", "../elsewhere"),
        ] { try FileManager.default.createSymbolicLink(atPath: "\(root)/\(link)", withDestinationPath: target) }
    }
}
