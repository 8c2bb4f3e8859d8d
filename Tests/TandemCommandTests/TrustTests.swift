import Foundation
import Testing

@testable import TandemOperator
@testable import tandem

@Suite("tandem trust")
struct TrustTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for name in ["ssl", "own"] {
            try FileManager.default.createDirectory(
                atPath: "\(folder.path)/\(name)", withIntermediateDirectories: false)
        }
        try folder.put("ca-certificates.conf", "")
        let made = try ToolRun([
            "/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-days",
            "2", "-subj", "/CN=Tandem CA of the stack shop", "-keyout", "\(folder.path)/key.pem", "-out",
            certificateFile,
        ])
        try #require(made.status == 0, "openssl: \(made.words)")
        // The machine trusts others, too: without any the program leaves its bundle as it was.
        let other = try ToolRun([
            "/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-days",
            "2", "-subj", "/CN=other", "-keyout", "\(folder.path)/other.pem", "-out", "\(folder.path)/own/other.crt",
        ])
        try #require(other.status == 0, "openssl: \(other.words)")
    }

    private var certificateFile: String { "\(folder.path)/ca.pem" }

    /// The machine's real program on folders of the test's own.
    private var system: SystemTrust {
        SystemTrust(
            folder: "\(folder.path)/own",
            update: [
                "/usr/sbin/update-ca-certificates", "--certsconf", "\(folder.path)/ca-certificates.conf", "--certsdir",
                "\(folder.path)", "--localcertsdir", "\(folder.path)/own", "--etccertsdir", "\(folder.path)/ssl",
                "--hooksdir",
                "/nonexistent",
            ])
    }

    private let shop = TrustedStack(name: "shop", owner: 7)

    private func trust(isRoot: Bool = true, owner: UInt32 = 7) -> StackTrust {
        StackTrust(
            stack: "shop", certificateFile: certificateFile, system: system,
            browsers: BrowserTrust(home: "\(folder.path)/home"), isRoot: isRoot, owner: owner)
    }

    private var bundle: String {
        (try? String(contentsOfFile: "\(folder.path)/ssl/ca-certificates.crt", encoding: .utf8)) ?? ""
    }

    @Test("puts the CA into the machine's bundle, says nothing new the second time, and takes it out again")
    func roundTrip() throws {
        let certificate = try String(contentsOfFile: certificateFile, encoding: .utf8)
        #expect(try trust().add())
        #expect(bundle.contains(certificate))
        #expect(try trust().add())
        #expect(try trust().remove())
        #expect(!bundle.contains(certificate))
        #expect(system.files(of: shop).isEmpty)
        #expect(try trust().remove())
    }

    @Test("is taken back by destroy for that very CA, and for no other stack's of the same name")
    func forget() throws {
        #expect(try trust().add())
        let mine = try String(contentsOfFile: certificateFile, encoding: .utf8)
        try folder.put("ca.pem", "another\n")
        try trust().forget()
        #expect(!system.files(of: shop).isEmpty)
        try folder.put("ca.pem", mine)
        try trust().forget()
        #expect(system.files(of: shop).isEmpty)
    }

    @Test("is not taken back by a stack of the same name that belongs to somebody else")
    func foreignRemoval() throws {
        let certificate = try String(contentsOfFile: certificateFile, encoding: .utf8)
        #expect(try trust(owner: 0).add())
        #expect(try trust(owner: 7).remove())
        #expect(bundle.contains(certificate))
        #expect(try trust(owner: 0).remove())
        #expect(!bundle.contains(certificate))
    }

    @Test("replaces what was trusted of that stack when it has a new authority")
    func replaced() throws {
        #expect(try trust().add())
        let first = system.files(of: shop)
        try FileManager.default.copyItem(atPath: "\(folder.path)/own/other.crt", toPath: "\(folder.path)/new.pem")
        try folder.put("ca.pem", try String(contentsOfFile: "\(folder.path)/new.pem", encoding: .utf8))
        #expect(try trust().add())
        #expect(system.files(of: shop).count == 1 && system.files(of: shop) != first)
    }

    @Test("leaves the machine's store to root, and says the command")
    func ordinaryUser() throws {
        #expect(try !trust(isRoot: false).add())
        #expect(system.files(of: shop).isEmpty)
        #expect(
            SystemTrust().commandToAdd("/home/a b/ca.pem", as: "/usr/local/share/ca-certificates/tandem-shop.7.0.crt")
                == "sudo install -m 644 '/home/a b/ca.pem' /usr/local/share/ca-certificates/tandem-shop.7.0.crt"
                + " && sudo update-ca-certificates")
    }

    @Test("reaches the browsers' own databases, and takes it out of those that have it")
    func browsers() throws {
        let database = "\(folder.path)/home/.mozilla/firefox/abc.default"
        try FileManager.default.createDirectory(atPath: database, withIntermediateDirectories: true)
        let browsers = BrowserTrust(home: "\(folder.path)/home")
        let certutil = try #require(browsers.certutil, "certutil is missing; bin/setup --test installs it")
        try #require(try ToolRun([certutil, "-d", "sql:\(database)", "-N", "--empty-password"]).status == 0)
        #expect(browsers.databases == [database])
        #expect(try browsers.add(certificateFile, of: "shop") == [database])
        let shown = try ToolRun([certutil, "-d", "sql:\(database)", "-L"]).words
        #expect(shown.contains("Tandem CA of the stack shop"))
        #expect(try browsers.remove("shop") == [database])
        #expect(try browsers.remove("shop").isEmpty)
    }

    @Test("wants a CA: a stack that was never up has none")
    func noAuthority() throws {
        try FileManager.default.removeItem(atPath: certificateFile)
        #expect(throws: Failure.self) { try trust().add() }
    }
}

@Suite("tandem open")
struct OpenTests {
    @Test("asks the desktop of a user who has one")
    func desktop() throws {
        let folder = try TemporaryFolder()
        try folder.put("bin/xdg-open", "")
        chmod("\(folder.path)/bin/xdg-open", 0o755)
        let environment = ["DISPLAY": ":0", "PATH": "\(folder.path)/bin"]
        #expect(Desktop(environment: environment, isRoot: false).opener == "\(folder.path)/bin/xdg-open")
        #expect(Desktop(environment: environment, isRoot: true).opener == nil)
        #expect(Desktop(environment: ["PATH": "\(folder.path)/bin"], isRoot: false).opener == nil)
        #expect(Desktop(environment: ["WAYLAND_DISPLAY": "w", "PATH": "/nowhere"], isRoot: false).opener == nil)
    }

    @Test("is for stacks that run")
    func stopped() throws {
        let folder = try TemporaryFolder()
        try folder.put("tandem.yaml", "stack: never-started\napp: {run: ./x}\n")
        #expect(try Program.run(["open"], in: folder.path).status == 4)
        #expect(try Program.run(["top", "--once"], in: folder.path).status == 4)
    }
}
