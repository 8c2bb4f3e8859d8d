import Testing

@testable import TandemStack

@Suite("Values")
struct ValuesTests {
    private func app(_ lines: String) throws -> App { try load("stack: shop\napp:\n  run: x\n\(lines)\n").app }

    @Test("Environment values are the text of the file, whatever YAML makes of it")
    func environment() throws {
        let app = try app(
            #"""
              env:
                PORT_NUMBER: 08080
                FLAG: yes
                RATIO: 1.50
                EMPTY: ""
                NO: NO
                QUOTED: "8080"
                STARS: "* * * * *"
                TWO_LINES: |
                  a: *b
                  "c" $d {e} # f
                ESCAPED: "a\tb\u0007\U00100000"
            """#)
        #expect(
            app.environment == [
                "PORT_NUMBER": "08080", "FLAG": "yes", "RATIO": "1.50", "EMPTY": "", "NO": "NO", "QUOTED": "8080",
                "STARS": "* * * * *", "TWO_LINES": "a: *b\n\"c\" $d {e} # f\n", "ESCAPED": "a\tb\u{7}\u{100000}",
            ])
    }

    @Test("The command line is the text of the file")
    func run() throws {
        let text =
            "stack: shop\napp:\n  run: |\n    set -e; ls *.txt > \"$OUT\"\n    exec ./shop --x='{1}' # no comment\n"
        #expect(try load(text).app.run == "set -e; ls *.txt > \"$OUT\"\nexec ./shop --x='{1}' # no comment\n")
    }

    @Test("Secrets come as a list or as a map")
    func secrets() throws {
        #expect(try app("  secrets: [A, B]").secrets == ["A": .environment("A"), "B": .environment("B")])
        let map = try app(
            "  secrets:\n    A: {env: OTHER}\n    B: {file: /run/b}\n    C: {file: keys/c}\n    D:\n    E: {command: pass x}\n"
        ).secrets
        #expect(
            map == [
                "A": .environment("OTHER"), "B": .file("/run/b"), "C": .file("/srv/shop/keys/c"),
                "D": .environment("D"), "E": .command("pass x"),
            ])
    }

    @Test(
        "Sizes and times have units",
        arguments: [
            ("1kb", 1 << 10), ("8m", 8 << 20), ("32MB", 32 << 20), ("2g", 2 << 30), ("\"10gb\"", 10 << 30),
        ])
    func sizes(text: String, bytes: Int) throws {
        #expect(try load(smallest + "web: {body_limit: \(text)}").web.bodyLimitBytes == bytes)
    }

    @Test("Times have units", arguments: [("1s", 1), ("90s", 90), ("5m", 300), ("1h", 3600)])
    func times(text: String, seconds: Int) throws {
        #expect(try app("  timeouts: {request: \(text)}").requestTimeoutSeconds == seconds)
    }

    @Test(
        "Quantities that are not plain are refused",
        arguments: [
            "", "0", "-1s", "+1s", "01s", "1 s", "1S", "s", "1ms", "0x1s", "1_0s", "99999999999s", "9999999999h",
            "1e3s", "١s", "nans",
        ])
    func badTimes(text: String) {
        #expect(
            errors("stack: shop\napp: {run: x, timeouts: {request: \"\(text)\"}}").contains(
                "app.timeouts.request: expected a time"))
    }

    @Test("A port in quotes is a port, and a port in the file is fixed")
    func ports() throws {
        let balancer = try load(smallest + "balancer: {http_port: \"9080\", https_port: 9443, algorithm: source}")
            .balancer
        #expect(balancer.httpPort == Port(9080, isFixed: true))
        #expect(balancer.httpsPort == Port(9443, isFixed: true))
        #expect(balancer.algorithm == .source)
    }

    @Test("No port of Tandem's own may be the front's", arguments: Ports.reserved)
    func reservedPorts(reserved: Ports.Reserved) {
        let text = smallest + "balancer: {https_port: \(reserved.port)}"
        #expect(errors(text).hasSuffix("port \(reserved.port) is used by \(reserved.user); expected another port"))
    }

    @Test("Tandem's own ports differ, and the app's instances end before the next of them")
    func portsDiffer() {
        #expect(Set(Ports.reserved.map(\.port)).count == Ports.reserved.count)
        let instances = Ports.app..<Ports.app + Ports.appInstanceLimit
        #expect(Ports.reserved.filter { instances.contains($0.port) }.map(\.port) == [Ports.app])
    }

    @Test("Paths resolve against the file's folder, which may be long and hold spaces")
    func paths() throws {
        let folder = "/home/me/My Stacks/" + String(repeating: "deep/", count: 26) + "shop"
        let stack = try load(
            smallest
                + "web: {static: ./my files//public}\nengines: {mysqld: /opt/my sql/bin/mysqld, nginx: ../bin/nginx}\n",
            folder: folder + "/")
        #expect(stack.app.workingDirectory == folder)
        #expect(stack.web.staticFolder == folder + "/my files/public")
        #expect(stack.engines == Engines(nginx: folder + "/../bin/nginx", mysqld: "/opt/my sql/bin/mysqld"))
    }

    @Test("Static files lie in one folder, or in several under paths of their own")
    func staticFolders() throws {
        let several = try load(smallest + "web: {static: {/: public, /media: uploads, /a/b/: /srv/b}}\n").web
        #expect(several.staticFolder == "/srv/shop/public")
        #expect(several.staticPrefixes == ["/media/": "/srv/shop/uploads", "/a/b/": "/srv/b"])
        let below = try load(smallest + "web: {static: {/media/: uploads}}\n").web
        #expect(below.staticFolder == nil && below.staticPrefixes == ["/media/": "/srv/shop/uploads"])
        #expect(try load(smallest + "web: {static: public}\n").web.staticPrefixes == nil)
    }

    @Test(
        "A folder that configuration cannot carry is refused",
        arguments: ["/a\"b", "/a$b", "/a\nb", "/a;b", "a/b", "/a{b}", "/a\\b"])
    func folders(folder: String) {
        #expect(
            errors(smallest, folder: folder).hasPrefix(
                "tandem.yaml:1:1: error: the folder of this file cannot be used: "))
    }

    @Test("A path of more than 500 bytes is refused")
    func longPath() {
        let path = String(repeating: "/a", count: 260)
        #expect(errors(smallest + "web: {static: \(path)}").contains("expected a path of at most 500 bytes, found 520"))
    }
}
